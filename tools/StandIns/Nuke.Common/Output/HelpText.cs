using System.Text;
using Nuke.Common.Execution;
using Nuke.Common.Parameters;

namespace Nuke.Common.Output;

/// <summary>The answer to `--help`.</summary>
internal static class HelpText
{
    private const int WidestLine = 90;

    public static string Of(Type buildType, IReadOnlyList<ExecutableTarget> targets)
    {
        var text = new StringBuilder();
        AppendTargets(text, targets);
        text.AppendLine().AppendLine("Parameters:").AppendLine();

        var parameters = ParameterMember.AllOf(buildType).Where(parameter => parameter.Attribute.List).ToList();
        var width = Math.Max(parameters.Max(parameter => Names.Dashed(parameter.Name).Length), 16);
        var defaults = string.Join(", ", targets.Where(target => target.IsDefault).Select(target => target.Name));
        var own = parameters.Where(parameter => parameter.Member.DeclaringType != typeof(NukeBuild)).ToList();
        foreach (var parameter in own)
        {
            Append(text, parameter, width, defaults);
        }

        text.Append(own.Count > 0 ? "\n" : "");
        foreach (var parameter in parameters.Except(own))
        {
            Append(text, parameter, width, defaults);
        }

        return text.ToString();
    }

    private static void AppendTargets(StringBuilder text, IReadOnlyList<ExecutableTarget> targets)
    {
        var width = Math.Max(targets.Select(target => target.Name.Length).DefaultIfEmpty().Max(), 20);
        text.AppendLine("Targets (with their direct dependencies):").AppendLine();
        foreach (var target in targets.Where(target => target.Listed))
        {
            var name = target.IsDefault ? $"{target.Name} (default)" : target.Name;
            var dependencies = string.Join(", ", target.ExecutionDependencies.Select(other => other.Name));
            text.AppendLine($"  {name.PadRight(width)}{(dependencies.Length > 0 ? $" -> {dependencies}" : "")}".TrimEnd());
            if (!string.IsNullOrWhiteSpace(target.Description))
            {
                text.AppendLine($"    {target.Description}");
            }
        }
    }

    private static void Append(StringBuilder text, ParameterMember parameter, int width, string defaults)
    {
        var indent = width + 6;
        var line = new StringBuilder($"  --{Names.Dashed(parameter.Name).PadRight(width)}  ");
        var description = parameter.Attribute.Description?.TrimEnd('.').Replace("{default_target}", defaults, StringComparison.Ordinal);
        foreach (var word in (description is null ? "<no description>" : description + ".").Split(' '))
        {
            if (line.Length > indent && line.Length + 1 + word.Length > WidestLine)
            {
                text.AppendLine(line.ToString());
                line.Clear().Append(' ', indent);
            }

            line.Append(' ').Append(word);
        }

        text.AppendLine(line.ToString());
    }
}
