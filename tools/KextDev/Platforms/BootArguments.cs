using System.Text;

namespace KextDev.Platforms;

/// <summary>
/// What a kernel is told at its start: words between blanks, NAME or NAME=VALUE; a blank within double quotes belongs to its word.
/// XNU's boot-args and Linux's command line alike.
/// </summary>
/// <param name="Words">As they were, quotes included.</param>
public sealed record BootArguments(IReadOnlyList<string> Words)
{
    public static BootArguments None { get; } = new([]);

    public static BootArguments Parse(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quoted = false;
        foreach (var character in text)
        {
            quoted ^= character == '"';
            if (quoted || character is not (' ' or '\t' or '\n' or '\r'))
            {
                word.Append(character);
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        return new BootArguments(word.Length > 0 ? [.. words, word.ToString()] : words);
    }

    /// <summary>The value of the first NAME=VALUE, which is the one that XNU heeds; "" for a bare NAME; null where there is none.</summary>
    public string? Get(string name) => Words.Where(word => Name(word) == name).Select(word => word.Length > name.Length ? word[(name.Length + 1)..].Trim('"') : "").FirstOrDefault();

    /// <summary>Makes NAME=VALUE the only one of its name, in the place of the first; everything else stays.</summary>
    /// <param name="value">Null for a bare word, such as -v.</param>
    public BootArguments With(string name, string? value)
    {
        var word = value is null ? name : value.Contains(' ', StringComparison.Ordinal) ? $"{name}=\"{value}\"" : $"{name}={value}";
        var first = Words.TakeWhile(other => Name(other) != name).Count();
        return new BootArguments([.. Words.Take(first), word, .. Words.Skip(first).Where(other => Name(other) != name)]);
    }

    public bool Equals(BootArguments? other) => other is not null && Words.SequenceEqual(other.Words, StringComparer.Ordinal);

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    public override string ToString() => string.Join(' ', Words);

    private static string Name(string word) => word.Split('=', 2)[0];
}
