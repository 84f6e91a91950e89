using System.Text;

/// <summary>Compares names the way Nuke does, and finds the one that was probably meant.</summary>
internal static class CommandLineNames
{
    /// <summary>Case and dashes do not count: kernel-test is KernelTest.</summary>
    public static string Plain(string name) => name.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>In the environment only letters and digits count: KEEP_GUEST is KeepGuest.</summary>
    public static string PlainVariable(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();

    /// <summary>KeepGuest becomes keep-guest.</summary>
    public static string Dashed(string name)
    {
        var dashed = new StringBuilder();
        for (var index = 0; index < name.Length; index++)
        {
            var startsWord = index > 0 && char.IsUpper(name[index])
                && (!char.IsUpper(name[index - 1]) || (index + 1 < name.Length && char.IsLower(name[index + 1])));
            dashed.Append(startsWord ? "-" : "").Append(char.ToLowerInvariant(name[index]));
        }

        return dashed.ToString();
    }

    /// <summary>The nearest of the names, or null where none is near enough to be meant.</summary>
    public static string? Closest(string typed, IEnumerable<string> names)
    {
        var plain = Plain(typed);
        var nearest = names.Select(name => (Name: name, Distance: Distance(plain, Plain(name)))).DefaultIfEmpty(("", int.MaxValue)).MinBy(pair => pair.Item2);
        return nearest.Item2 <= Math.Max(2, plain.Length / 3) && nearest.Item2 < plain.Length ? nearest.Item1 : null;
    }

    /// <summary>Edits from one to the other: a character put in, left out or changed, or two neighbours swapped.</summary>
    private static int Distance(string left, string right)
    {
        var distances = new int[left.Length + 1, right.Length + 1];
        for (var row = 0; row <= left.Length; row++)
        {
            for (var column = 0; column <= right.Length; column++)
            {
                distances[row, column] = row == 0 || column == 0 ? row + column : Edit(row, column);
            }
        }

        return distances[left.Length, right.Length];

        int Edit(int row, int column)
        {
            var change = left[row - 1] == right[column - 1] ? 0 : 1;
            var edits = Math.Min(
                Math.Min(distances[row - 1, column], distances[row, column - 1]) + 1,
                distances[row - 1, column - 1] + change);
            var isSwap = row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1];
            return isSwap ? Math.Min(edits, distances[row - 2, column - 2] + 1) : edits;
        }
    }
}
