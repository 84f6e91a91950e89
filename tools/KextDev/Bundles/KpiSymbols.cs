using System.Collections.Frozen;
using System.Globalization;
using System.IO.Compression;

namespace KextDev.Bundles;

public enum KpiPresence
{
    Never,

    /// <summary>In some updates of the release: added, removed or missing for a while.</summary>
    Sometimes,
    Always,
}

/// <summary>One line of the table: a symbol (or, ending in '*', all of a prefix) and where one KPI exports it.</summary>
/// <param name="First">Darwin version of the first kernel that has it. 13.0.0, the oldest that was looked at, may be much too late.</param>
/// <param name="Last">Darwin version of the last kernel that has it. 20.6.0 is the newest that was looked at.</param>
/// <param name="Kernels">The kernels' build numbers (xnu-N) that have it.</param>
public sealed record KpiSymbol(string Name, string Kpi, string First, string Last, FrozenSet<string> Kernels);

/// <summary>
/// Which KPI exports a symbol to x86_64 kexts on which release: the export lists of all 48 kernels from 10.9 (xnu-2422.1.72) to
/// 11 (xnu-7195.141.2). The resource kpi-symbols.tsv.gz is the table itself, packed by "gzip -9n kpi-symbols.tsv".
/// </summary>
public sealed class KpiSymbols
{
    private static readonly Lazy<KpiSymbols> Lazily = new(() =>
    {
        using var packed = typeof(KpiSymbols).Assembly.GetManifestResourceStream("kpi-symbols.tsv.gz")
            ?? throw new InvalidOperationException("kpi-symbols.tsv.gz is not embedded.");
        using var table = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        return Read(table);
    });

    private readonly FrozenDictionary<string, KpiSymbol[]> byName;
    private readonly KpiSymbol[] prefixes;
    private readonly ILookup<int, string> kernels;

    private KpiSymbols(IReadOnlyList<KpiSymbol> symbols, ILookup<int, string> kernels)
    {
        Symbols = symbols;
        this.kernels = kernels;
        prefixes = [.. symbols.Where(symbol => symbol.Name.EndsWith('*'))];
        byName = symbols.GroupBy(symbol => symbol.Name, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
    }

    /// <summary>The table that is shipped; read on first use.</summary>
    public static KpiSymbols Shipped => Lazily.Value;

    public IReadOnlyList<KpiSymbol> Symbols { get; }

    /// <summary>Tab-separated: symbol, KPI, first and last kernel, their Darwin versions, ..., the kernels between that lack it.</summary>
    public static KpiSymbols Read(TextReader table)
    {
        var rows = new List<string[]>();
        table.ReadLine();
        while (table.ReadLine() is { } line)
        {
            rows.Add(line.Split('\t'));
        }

        // A kernel that is the first, the last or a gap of no symbol exports what its predecessor does: it need not be known.
        var names = rows.SelectMany(row => row[10].Split(',', StringSplitOptions.RemoveEmptyEntries).Append(row[2]).Append(row[3]))
            .Distinct(StringComparer.Ordinal)
            .Order(Comparer<string>.Create(CompareKernels))
            .ToArray();
        var shared = new Dictionary<(string First, string Last, string Gaps), FrozenSet<string>>();
        var symbols = rows.Select(row =>
        {
            var range = (row[2], row[3], row[10]);
            if (!shared.TryGetValue(range, out var kernels))
            {
                var gaps = row[10].Split(',');
                kernels = names[Array.IndexOf(names, row[2])..(Array.IndexOf(names, row[3]) + 1)]
                    .Except(gaps, StringComparer.Ordinal)
                    .ToFrozenSet(StringComparer.Ordinal);
                shared.Add(range, kernels);
            }

            return new KpiSymbol(row[0], row[1], row[4], row[5], kernels);
        });
        return new KpiSymbols([.. symbols], names.ToLookup(DarwinOf));
    }

    /// <summary>The KPIs that export the symbol on some release; a Mach-O name, so C's foo is "_foo".</summary>
    public IReadOnlyList<KpiSymbol> Find(string name)
    {
        var exact = byName.GetValueOrDefault(name, []);
        return [.. exact, .. prefixes.Where(prefix => name.AsSpan().StartsWith(prefix.Name.AsSpan(..^1), StringComparison.Ordinal))];
    }

    public KpiPresence Presence(KpiSymbol symbol, MacRelease release)
    {
        var having = kernels[release.Darwin].Count(symbol.Kernels.Contains);
        return having == 0 ? KpiPresence.Never
            : having == kernels[release.Darwin].Count() ? KpiPresence.Always
            : KpiPresence.Sometimes;
    }

    /// <summary>A kernel's first number decides the release that it was built for.</summary>
    private static int DarwinOf(string kernel) => Numbers(kernel)[0] switch
    {
        < 2782 => 13,
        < 3247 => 14,
        < 3789 => 15,
        < 4570 => 16,
        < 4903 => 17,
        < 6153 => 18,
        < 7195 => 19,
        _ => 20,
    };

    private static int CompareKernels(string left, string right) =>
        Numbers(left).Zip(Numbers(right), (a, b) => a.CompareTo(b)).FirstOrDefault(order => order != 0);

    private static int[] Numbers(string kernel) =>
        [.. kernel["xnu-".Length..].Split('.').Select(number => int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture))];
}
