using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Shells;

namespace KextDev.Platforms.Linux;

/// <summary>What a Linux kernel holds, as /proc tells it.</summary>
internal static partial class LinuxHoldings
{
    // Each processor keeps some free pages and objects for itself, and what programs do meanwhile moves them. As measured, several times over.
    private const long SlabNoise = 96;
    private const long AreaNoise = 64;
    private const long PageNoise = 384;

    // Of the kernel's own: work queues make threads and end them.
    private const long ComingAndGoing = 6;

    // Stacks of processes, which come and go, and what is freed and not yet swept.
    private static readonly string[] PassingAreas = ["dup_task_struct", "kernel_clone", "unpurged"];

    private const string Mark = "== ";

    // The first line has the kernel add up what its processors counted each for itself.
    private const string Command = """
        (echo 1 >/proc/sys/vm/stat_refresh) 2>/dev/null
        for file in meminfo zoneinfo slabinfo vmallocinfo sys/fs/file-nr loadavg misc devices interrupts iomem; do
          echo "== $file"
          cat "/proc/$file" 2>/dev/null
        done
        """;

    // What the kernel's pages are known to be used for; the rest was taken by somebody and is accounted for by nobody.
    private static readonly string[] KnownUses =
        ["MemFree", "Buffers", "Cached", "SwapCached", "AnonPages", "Slab", "KernelStack", "PageTables", "SecPageTables", "VmallocUsed", "Percpu", "Hugetlb"];

    public static async Task<KernelHoldings> ReadAsync(GuestShell shell, CancellationToken cancellationToken) =>
        Parse((await shell.RunAsync(Command, cancellationToken)).Output);

    /// <param name="output">The files of /proc, each below a line with its name; a guest's text.</param>
    internal static KernelHoldings Parse(string output)
    {
        var files = output.Split(Mark, StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            .Where(lines => lines.Length > 1)
            .DistinctBy(lines => lines[0])
            .ToDictionary(lines => lines[0], lines => lines[1..], StringComparer.Ordinal);
        string[] Lines(string file) => files.GetValueOrDefault(file, []);

        var memory = Lines("meminfo").Select(line => MemoryRow().Match(line)).Where(row => row.Success).DistinctBy(row => row.Groups["name"].Value)
            .ToDictionary(row => row.Groups["name"].Value, row => Number(row.Groups["amount"].Value), StringComparer.Ordinal);

        var areas = Lines("vmallocinfo").Where(line => !PassingAreas.Any(passing => line.Contains(passing, StringComparison.Ordinal))).ToList();
        var kinds = new List<Holding>();
        void Add(string name, string unit, long? amount, long noise)
        {
            if (amount is { } known)
            {
                kinds.Add(new Holding(name, unit, known, noise));
            }
        }

        long? Memory(string name) => memory.TryGetValue(name, out var amount) ? amount : null;
        Add("slab memory", "KiB", Memory("SUnreclaim"), SlabNoise);
        Add("vmalloc memory", "KiB", Memory("VmallocUsed"), AreaNoise);
        Add("per-processor memory", "KiB", Memory("Percpu"), AreaNoise);
        Add("pages of no known use", "KiB", Unknown(memory, Lines("zoneinfo")), PageNoise);
        Add("vmalloc areas", "", Count(areas), ComingAndGoing);
        Add("open files", "", Lines("sys/fs/file-nr") is [var open, ..] ? Number(open.Split('\t')[0]) : null, 1);
        Add("threads", "", Lines("loadavg") is [var load, ..] && Threads().Match(load) is { Success: true } match ? Number(match.Groups["count"].Value) : null, ComingAndGoing);
        Add("devices", "", Count([.. Lines("misc"), .. Lines("devices")]), 1);
        Add("interrupts", "", Count(Lines("interrupts")), 1);
        Add("regions of I/O memory", "", Count(Lines("iomem")), 1);
        return new KernelHoldings(kinds, Owners(Lines("slabinfo"), areas));
    }

    // None at all is a file that the kernel does not show.
    private static long? Count(IReadOnlyCollection<string> lines) => lines.Count == 0 ? null : lines.Count;

    private static long? Unknown(Dictionary<string, long> memory, string[] zones)
    {
        if (!memory.TryGetValue("MemTotal", out var total) || !memory.ContainsKey("MemFree"))
        {
            return null;
        }

        // Free pages at each processor's hand, which MemFree leaves out; 4 KiB each.
        var atHand = zones.Select(line => AtHand().Match(line)).Where(row => row.Success).Sum(row => 4 * Number(row.Groups["count"].Value));
        return total - atHand - KnownUses.Sum(use => memory.GetValueOrDefault(use));
    }

    private static Dictionary<string, long> Owners(string[] slabs, List<string> areas)
    {
        var owners = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var row in slabs.Select(line => SlabRow().Match(line)).Where(row => row.Success))
        {
            owners[$"slab cache {row.Groups["name"].Value}"] = Number(row.Groups["objects"].Value) * Number(row.Groups["size"].Value);
        }

        foreach (var row in areas.Select(line => AreaRow().Match(line)).Where(row => row.Success))
        {
            var owner = $"vmalloc by {row.Groups["caller"].Value}";
            owners[owner] = owners.GetValueOrDefault(owner) + Number(row.Groups["size"].Value);
        }

        return owners;
    }

    // Hostile text may have any number of digits: what is none of a kernel's is none at all.
    private static long Number(string digits) => long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < 1L << 50 ? number : 0;

    [GeneratedRegex(@"^(?<name>\w+): +(?<amount>\d+) kB$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MemoryRow();

    [GeneratedRegex(@"^ +count: +(?<count>\d+)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AtHand();

    // Name, objects in use, objects, bytes of each.
    [GeneratedRegex(@"^(?<name>[^\s#]+) +(?<objects>\d+) +\d+ +(?<size>\d+) ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SlabRow();

    // Addresses, bytes, and who asked; an address alone where that was a module which is gone.
    [GeneratedRegex(@"^0x[0-9a-f]+-0x[0-9a-f]+ +(?<size>\d+) (?<caller>[\w.]+)(\+0x\S+)?( \[\w+\])? ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AreaRow();

    // 0.00 0.00 0.00 RUNNING/ALL LAST.
    [GeneratedRegex(@"^\S+ \S+ \S+ \d+/(?<count>\d+) ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Threads();
}
