namespace Nuke.Common.Parameters;

/// <summary>Words as typed: first the positional ones, then `--name` each with the words up to the next name.</summary>
internal sealed class ArgumentWords(IEnumerable<string> words)
{
    private readonly List<string> _all = [.. words];

    public IReadOnlyList<string> All => _all;

    public IReadOnlyList<string> Positional => [.. _all.TakeWhile(word => !IsName(word))];

    /// <summary>The words of the last mention, or null where the parameter is not named.</summary>
    public IReadOnlyList<string>? ValuesOf(string parameter)
    {
        var index = _all.FindLastIndex(word => IsName(word) && Names.AreSame(word, parameter));
        return index < 0 ? null : [.. _all.Skip(index + 1).TakeWhile(word => !IsName(word))];
    }

    private static bool IsName(string word) => word.StartsWith('-');
}
