using KextDev.Processes;
using KextDev.Testing;

/// <summary>How a person types a run again: the words by which it was started.</summary>
internal static class TypedRun
{
    // What says which of the tests run, on which system, and how often.
    private static readonly string[] s_choices = ["platform", "tests", "leakcycles", "repeat", "retries", "untilfailure"];

    /// <param name="arguments">As given to Main.</param>
    public static RunCommand Read(IReadOnlyList<string> arguments)
    {
        var words = CommandLineWords.Read(arguments);
        var targets = words.Targets.Count == 0 ? ["KernelTest"] : words.Targets;
        var kept = words.Named.Where(group => !s_choices.Contains(Name(group))).ToList();
        return new RunCommand(Line(targets, words.Named), Line(["KernelTest"], kept), kept.Exists(group => Name(group) == "guest"));
    }

    // Nuke minds neither case nor dashes.
    private static string Name(CommandLineWords.Group group) => group.Name.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string Line(IEnumerable<string> targets, IEnumerable<CommandLineWords.Group> named) =>
        string.Join(' ', ["./build.sh", .. targets.Concat(named.SelectMany(group => group.Values.Prepend(group.Name))).Select(ShellWord.Quote)]);
}
