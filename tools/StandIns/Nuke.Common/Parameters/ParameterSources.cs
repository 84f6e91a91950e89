using System.Collections;
using Serilog;

namespace Nuke.Common.Parameters;

/// <summary>Where values come from, in the order of precedence: command line, environment, parameter files.</summary>
internal sealed class ParameterSources(ArgumentWords commandLine, IReadOnlyDictionary<string, string> variables)
{
    public const string InvokedTargets = "Target";

    /// <summary>The process has one command line and one environment; the published attribute reads them without being handed any.</summary>
    public static ParameterSources OfProcess { get; } = new(
        new ArgumentWords(Environment.GetCommandLineArgs().Skip(1)),
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal));

    public ArgumentWords CommandLine => commandLine;

    /// <summary>Set when the build's members are known, which tell the paths among the values.</summary>
    public ArgumentWords Files { get; set; } = new([]);

    /// <exception cref="ParameterConversionException">The words of the first source that has some do not convert.</exception>
    public object? Find(ParameterMember parameter) => Find(parameter.Name, parameter.ValueType, parameter.Separator);

    public object? Find(string name, Type type, char? separator = null)
    {
        return FromWords(commandLine.ValuesOf(name), flag: true)
            ?? FromWords(name == InvokedTargets && commandLine.Positional is { Count: > 0 } targets ? targets : null, flag: true)
            ?? FromWords(Variable(name) is { } value ? [value] : null, flag: false)
            ?? FromWords(Files.ValuesOf(name), flag: true);

        object? FromWords(IReadOnlyList<string>? words, bool flag) => words is null
            ? null
            : ParameterValue.Convert(name, Split(words, separator), type, flag);
    }

    private static IReadOnlyList<string> Split(IReadOnlyList<string> words, char? separator)
        => separator is { } character && words.Count == 1 ? words[0].Split(character) : words;

    private string? Variable(string name)
    {
        if (variables.TryGetValue(name, out var exact))
        {
            return exact;
        }

        var matches = variables.Where(variable => Names.IsVariableOf(variable.Key, name)).ToList();
        if (matches.Count > 1)
        {
            Log.Warning("Could not resolve {VariableName} since multiple values are provided", name);
        }

        return matches.Count == 1 ? matches[0].Value : null;
    }
}
