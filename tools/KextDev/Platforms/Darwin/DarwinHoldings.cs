using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>What a macOS kernel holds: its zones, as zprint tells them, and its handles.</summary>
internal static partial class DarwinHoldings
{
    // A system that idles moves this much between its zones.
    private const long ZoneNoise = 384;
    private const long HandleNoise = 4;

    // Zones that extensions allocate from by size; of each other's content the kernel itself decides.
    private const string SizedZones = "kalloc.";

    private const string Command = "zprint 2>/dev/null; sysctl kern.num_files kern.num_threads 2>/dev/null";

    public static async Task<KernelHoldings> ReadAsync(GuestShell shell, CancellationToken cancellationToken) =>
        Parse((await shell.RunAsync(Command, cancellationToken)).Output);

    /// <param name="output">zprint's table, then sysctl's lines; a guest's text.</param>
    internal static KernelHoldings Parse(string output)
    {
        var zones = new Dictionary<string, long>(StringComparer.Ordinal);
        var kinds = new List<Holding>();
        foreach (var line in output.Split('\n'))
        {
            if (ZoneRow().Match(line) is { Success: true } zone)
            {
                zones[$"zone {zone.Groups["name"].Value}"] = Number(zone.Groups["size"].Value) * Number(zone.Groups["used"].Value);
            }
            else if (HandleRow().Match(line) is { Success: true } handle)
            {
                var name = handle.Groups["name"].Value == "files" ? "open files" : "threads";
                kinds.Add(new Holding(name, "", Number(handle.Groups["count"].Value), HandleNoise));
            }
        }

        if (zones.Count > 0)
        {
            const long Kibi = 1024;
            var sized = zones.Where(zone => zone.Key.Contains(SizedZones, StringComparison.Ordinal)).Sum(zone => zone.Value);
            kinds.Insert(0, new Holding("zone memory", "KiB", sized / Kibi, ZoneNoise));
        }

        return new KernelHoldings(kinds, zones);
    }

    private static long Number(string digits) => long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < 1L << 40 ? number : 0;

    // Name, bytes of an element, the zone's size and its limit, elements there are and may be, elements in use; columns of allocation follow.
    [GeneratedRegex(@"^(?<name>[A-Za-z_][\w.\- ]*?) +(?<size>\d+) +\d+[KMG]? +\S+ +\d+ +\S+ +(?<used>\d+)( |$)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ZoneRow();

    [GeneratedRegex(@"^kern\.num_(?<name>files|threads): (?<count>\d+)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HandleRow();
}
