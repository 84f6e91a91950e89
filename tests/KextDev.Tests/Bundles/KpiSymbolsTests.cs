using System.IO.Compression;
using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class KpiSymbolsTests
{
    private static readonly KpiSymbols Table = KpiSymbols.Shipped;

    [Fact]
    public void Ships_the_whole_table()
    {
        Table.Symbols.Count.ShouldBe(5989);
        Table.Symbols.Select(symbol => symbol.Name).Distinct(StringComparer.Ordinal).Count().ShouldBe(5921);
    }

    [Theory]
    [InlineData("com.apple.kpi.bsd", 833, 851)]
    [InlineData("com.apple.kpi.iokit", 2016, 2449)]
    [InlineData("com.apple.kpi.libkern", 866, 984)]
    [InlineData("com.apple.kpi.mach", 57, 72)]
    [InlineData("com.apple.kpi.dsep", 32, 11)]
    [InlineData("com.apple.kpi.unsupported", 231, 271)]
    [InlineData("com.apple.kpi.private", 356, 1079)]
    public void Counts_of_the_first_and_the_last_kernel_are_those_of_their_export_lists(string kpi, int first, int last)
    {
        var symbols = Table.Symbols.Where(symbol => symbol.Kpi == kpi).ToList();
        symbols.Count(symbol => symbol.Kernels.Contains("xnu-2422.1.72")).ShouldBe(first);
        symbols.Count(symbol => symbol.Kernels.Contains("xnu-7195.141.2")).ShouldBe(last);
    }

    [Theory]
    [InlineData("_printf", "com.apple.kpi.libkern", "10.9", KpiPresence.Always)]
    [InlineData("_printf", "com.apple.kpi.libkern", "11", KpiPresence.Always)]
    [InlineData("__ZN11IOCatalogue10gMetaClassE", "com.apple.kpi.iokit", "10.14", KpiPresence.Always)]
    [InlineData("__ZN11IOCatalogue10gMetaClassE", "com.apple.kpi.iokit", "10.15", KpiPresence.Never)]
    [InlineData("__ZN11IOCatalogue10gMetaClassE", "com.apple.kpi.iokit", "11", KpiPresence.Always)]
    [InlineData("__ZN18IOUserNotification10gMetaClassE", "com.apple.kpi.iokit", "10.11", KpiPresence.Sometimes)]
    [InlineData("_kmod_info", "com.apple.kpi.libkern", "10.13", KpiPresence.Never)]
    [InlineData("_kmod_info", "com.apple.kpi.libkern", "10.14", KpiPresence.Always)]
    [InlineData("_IOMallocZero", "com.apple.kpi.iokit", "10.14", KpiPresence.Never)]
    [InlineData("_hv_io_notifier_something", "com.apple.kpi.private", "11", KpiPresence.Sometimes)]
    public void Tells_in_which_releases_a_symbol_is_exported(string name, string kpi, string release, KpiPresence presence)
    {
        var symbol = Table.Find(name).Single(found => found.Kpi == kpi);
        Table.Presence(symbol, MacRelease.Parse(release)!).ShouldBe(presence);
    }

    [Fact]
    public void Finds_by_prefix_where_the_list_has_one() =>
        Table.Find("__ZN5IOCPU11cpuNumberExEv").ShouldHaveSingleItem().Name.ShouldBe("__ZN5IOCPU*");

    [Fact]
    public void Finds_nothing_for_a_strangers_name() => Table.Find("_no_such_symbol").ShouldBeEmpty();

    /// <summary>Where the table's source is at hand (its path in KPI_SYMBOLS_TSV), the resource must be exactly it.</summary>
    [Fact]
    public void The_resource_is_the_table_itself()
    {
        using var packed = typeof(KpiSymbols).Assembly.GetManifestResourceStream("kpi-symbols.tsv.gz").ShouldNotBeNull();
        using var unpacked = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        var text = unpacked.ReadToEnd();
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldStartWith("symbol\tkpi_bundle_id\tfirst_xnu_tag\tlast_xnu_tag\tfirst_darwin\tlast_darwin\t");
        lines.ShouldAllBe(line => line.Count(c => c == '\t') == 10);
        if (Environment.GetEnvironmentVariable("KPI_SYMBOLS_TSV") is { } source)
        {
            text.ShouldBe(File.ReadAllText(source));
        }
    }
}
