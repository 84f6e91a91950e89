/// <summary>The arguments as Nuke reads them: words before the first --name are targets, the others belong to the name before them.</summary>
internal sealed record CommandLineWords(IReadOnlyList<string> Targets, IReadOnlyList<CommandLineWords.Group> Named)
{
    public static CommandLineWords Read(IReadOnlyList<string> arguments)
    {
        var named = new List<Group>();
        var targets = arguments.TakeWhile(word => !IsName(word)).ToList();
        for (var index = targets.Count; index < arguments.Count;)
        {
            var values = arguments.Skip(index + 1).TakeWhile(word => !IsName(word)).ToList();
            named.Add(new Group(arguments[index], values));
            index += 1 + values.Count;
        }

        return new CommandLineWords(targets, named);
    }

    private static bool IsName(string word) => word.StartsWith('-');

    /// <param name="Name">With its dashes, as typed.</param>
    /// <param name="Values">The words up to the next name.</param>
    internal sealed record Group(string Name, IReadOnlyList<string> Values);
}
