namespace KextDev.Bundles;

/// <summary>Words for several releases and several symbols.</summary>
internal static class ReleaseNames
{
    private const int MostSymbols = 8;

    /// <summary>"macOS 10.9 to 10.12, 11": neighbours are drawn together.</summary>
    public static string Of(IEnumerable<MacRelease> releases)
    {
        var ranges = new List<(MacRelease First, MacRelease Last)>();
        foreach (var release in releases.OrderBy(release => release.Darwin))
        {
            if (ranges.Count > 0 && ranges[^1].Last.Darwin == release.Darwin - 1)
            {
                ranges[^1] = (ranges[^1].First, release);
            }
            else
            {
                ranges.Add((release, release));
            }
        }

        return "macOS " + string.Join(", ", ranges.Select(range =>
            range.First == range.Last ? range.First.Name : $"{range.First.Name} to {range.Last.Name}"));
    }

    /// <summary>"_a, _b and 3 more".</summary>
    public static string List(IReadOnlyCollection<string> symbols)
    {
        var shown = string.Join(", ", symbols.Order(StringComparer.Ordinal).Take(MostSymbols));
        return symbols.Count <= MostSymbols ? shown : $"{shown} and {symbols.Count - MostSymbols} more";
    }
}
