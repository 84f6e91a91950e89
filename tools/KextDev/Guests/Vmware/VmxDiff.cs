namespace KextDev.Guests.Vmware;

/// <summary>Shows changes line by line. A change sets lines in their places, takes lines away, or adds some at the end; nothing moves.</summary>
internal static class VmxDiff
{
    /// <summary>Lines shown around a change.</summary>
    private const int Around = 1;

    public static IReadOnlyList<string> Of(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        var marked = Mark(before, after);
        var shown = Enumerable.Range(0, marked.Count)
            .Where(index => marked.Skip(Math.Max(0, index - Around)).Take(index < Around ? index + Around + 1 : (2 * Around) + 1).Any(line => line[0] != ' '));
        return [.. shown.Select(index => marked[index])];
    }

    private static List<string> Mark(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        var marked = new List<string>();
        var (old, next) = (0, 0);
        while (old < before.Count || next < after.Count)
        {
            if (old < before.Count && next < after.Count && before[old] == after[next])
            {
                marked.Add(" " + before[old++]);
                next++;
            }
            else if (old == before.Count)
            {
                marked.Add("+" + after[next++]);
            }
            else
            {
                marked.Add("-" + before[old]);

                // Replaced rather than taken away when the same name stands in its place.
                if (next < after.Count && NameOf(before[old]) == NameOf(after[next]))
                {
                    marked.Add("+" + after[next++]);
                }

                old++;
            }
        }

        return marked;
    }

    private static string NameOf(string line) => line.Split('=')[0].Trim().ToUpperInvariant();
}
