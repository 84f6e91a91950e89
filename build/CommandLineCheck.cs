/// <summary>Everything that can be wrong with a call, as sentences: what, to what, why, and the way out.</summary>
internal sealed class CommandLineCheck
{
    private const string Help = "./build.sh --help lists them all.";

    private readonly IReadOnlyList<CommandLineParameter> _parameters;
    private readonly IReadOnlyList<string> _targets;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string _workingFolder;

    public CommandLineCheck(Type buildType, IReadOnlyDictionary<string, string> environment, string workingFolder)
    {
        _parameters = CommandLineParameter.AllOf(buildType);
        _targets = CommandLineParameter.TargetsOf(buildType);
        _environment = environment;
        _workingFolder = workingFolder;
    }

    public IReadOnlyList<string> Run(IReadOnlyList<string> arguments)
    {
        var words = CommandLineWords.Read(arguments);
        return [.. CheckTargets(words.Targets), .. CheckNamed(words.Named), .. CheckEnvironment(words), .. CheckFiles(words)];
    }

    private IEnumerable<string> CheckTargets(IEnumerable<string> words, string? source = null)
    {
        foreach (var word in words.SelectMany(word => word.Split('+')))
        {
            if (!_targets.Any(target => CommandLineNames.Plain(target) == CommandLineNames.Plain(word)))
            {
                yield return $"{(source is null ? "" : source + ": ")}There is no target '{word}'. {Meant(CommandLineNames.Closest(word, _targets))}{Help}";
            }
        }
    }

    private IEnumerable<string> CheckNamed(IReadOnlyList<CommandLineWords.Group> named)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, values) in named)
        {
            if (name.Split('=', 2) is [var before, var after])
            {
                yield return $"'{name}' is not understood: the value is a word of its own. Write {before} {after}";
            }
            else if (Find(name) is not { } parameter)
            {
                yield return Unknown(name);
            }
            else if (!seen.Add(parameter.Name))
            {
                yield return $"{parameter.Dashed} is given twice, and only one can count. Give it once{(parameter.Type.IsArray ? ", with all values behind it" : "")}.";
            }
            else
            {
                foreach (var problem in CheckValues(parameter.Dashed, parameter, values))
                {
                    yield return problem;
                }
            }
        }
    }

    private IEnumerable<string> CheckValues(string source, CommandLineParameter parameter, IReadOnlyList<string> words)
    {
        if (parameter.Misfit(parameter.Split(words)) is { } misfit)
        {
            var target = words.FirstOrDefault(word => _targets.Any(name => CommandLineNames.Plain(name) == CommandLineNames.Plain(word)));
            yield return $"{source} {misfit}{(misfit[^1] is '?' or '.' ? "" : ".")}{(target is null ? "" : $" The target {target} must stand before the parameters.")}";
        }

        if (parameter.TakesTargets)
        {
            foreach (var problem in CheckTargets(words, source))
            {
                yield return problem;
            }
        }
    }

    private IEnumerable<string> CheckEnvironment(CommandLineWords words)
    {
        foreach (var parameter in _parameters.Where(parameter => !IsGiven(parameter, words)))
        {
            var plain = CommandLineNames.PlainVariable(parameter.Name);
            var variables = _environment.ContainsKey(parameter.Name)
                ? [parameter.Name]
                : _environment.Keys.Where(name => CommandLineNames.PlainVariable(name) is var found && (found == plain || found == "NUKE" + plain)).Order(StringComparer.Ordinal).ToList();
            if (variables.Count > 1)
            {
                yield return $"The environment sets {parameter.Dashed} more than once: {string.Join(", ", variables)}. Unset all but one.";
            }
            else if (variables.Count == 1)
            {
                foreach (var problem in CheckValues($"{variables[0]} in the environment sets {parameter.Dashed}, which", parameter, [_environment[variables[0]]]))
                {
                    yield return problem + $" Unset {variables[0]}, or give {parameter.Dashed}.";
                }
            }
        }
    }

    private IEnumerable<string> CheckFiles(CommandLineWords words)
    {
        var profiles = words.Named.Where(group => Find(group.Name) is { Name: "Profile" }).SelectMany(group => group.Values);
        var root = words.Named.FirstOrDefault(group => Find(group.Name) is { Name: "Root" })?.Values;
        foreach (var file in CommandLineFile.AllOf(root, profiles, _workingFolder))
        {
            if (file.Read(out var properties) is { } unreadable)
            {
                yield return unreadable;
                continue;
            }

            foreach (var (key, values) in properties)
            {
                var problems = Find(key) is { } parameter ? CheckValues(parameter.Dashed, parameter, values) : [Unknown($"--{CommandLineNames.Dashed(key)}")];
                foreach (var problem in problems)
                {
                    yield return $"{file.Name}: {problem}";
                }
            }
        }
    }

    private string Unknown(string name)
    {
        var meant = CommandLineNames.Closest(name, _parameters.Select(parameter => parameter.Dashed));
        return $"There is no parameter {name}. {Meant(meant)}{Help}";
    }

    private static string Meant(string? name) => name is null ? "" : $"Did you mean {name}? ";

    private CommandLineParameter? Find(string name) =>
        _parameters.FirstOrDefault(parameter => CommandLineNames.Plain(parameter.Name) == CommandLineNames.Plain(name));

    private bool IsGiven(CommandLineParameter parameter, CommandLineWords words) =>
        words.Named.Any(group => Find(group.Name) == parameter) || (parameter.Name == "Target" && words.Targets.Count > 0);
}
