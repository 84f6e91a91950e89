using KextDev.Platforms.Linux;

namespace KextDev.Tests.Platforms.Linux;

public sealed class LinuxHoldingsTests
{
    private const string Told = """
        == meminfo
        MemTotal:         222376 kB
        MemFree:          181776 kB
        Buffers:               0 kB
        Cached:            14224 kB
        AnonPages:           476 kB
        Slab:              16676 kB
        SReclaimable:       9196 kB
        SUnreclaim:         7480 kB
        KernelStack:         900 kB
        PageTables:          144 kB
        VmallocUsed:        5460 kB
        Percpu:              512 kB
        == zoneinfo
        Node 0, zone    DMA32
          pagesets
            cpu: 0
                      count: 37
            cpu: 1
                      count: 197
        == slabinfo
        slabinfo - version: 2.1
        # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
        kmalloc-1k           320    336   1024   16    4 : tunables    0    0    0 : slabdata     21     21      0
        == vmallocinfo
        0x000000004ac9b795-0x000000001f44e108   20480 load_module+0xbb7/0x21a0 pages=4 vmalloc N0=4
        0x000000001f44e108-0x000000002b0bc375   77824 load_module+0xbb7/0x21a0 pages=18 vmalloc N0=18
        0x000000001f44e108-0x000000002b0bc375   12288 ring_make+0x20/0x40 [ring] pages=2 vmalloc N0=2
        0x000000001f44e108-0x000000002b0bc375   20480 dup_task_struct+0x45/0x1a0 pages=4 vmalloc N0=4
        0x00000000ea6e0993-0x00000000ea6e0999   20480 unpurged vm_area
        == sys/fs/file-nr
        32	0	20156
        == loadavg
        0.00 0.00 0.00 2/56 133
        == misc
        130 watchdog
         60 sample
        == devices
        Character devices:
          1 mem
        == interrupts
        == iomem
        00000000-00000fff : Reserved
        """;

    [Fact]
    public void What_a_kernel_holds_is_read_from_its_files()
    {
        var holdings = LinuxHoldings.Parse(Told);

        // The rest: all but what is free, at a processor's hand included, and what has a known use.
        holdings.Kinds.Select(one => (one.Name, one.Unit, one.Amount)).ShouldBe(
        [
            ("slab memory", "KiB", 7480), ("vmalloc memory", "KiB", 5460), ("per-processor memory", "KiB", 512),
            ("pages of no known use", "KiB", 222376 - 181776 - 14224 - 476 - 16676 - 900 - 144 - 5460 - 512 - (4 * 234)),
            ("vmalloc areas", "", 3), ("open files", "", 32), ("threads", "", 56), ("devices", "", 4), ("regions of I/O memory", "", 1),
        ]);
        holdings.Owners.ShouldBe(
            new Dictionary<string, long> { ["slab cache kmalloc-1k"] = 320 * 1024, ["vmalloc by load_module"] = 98304, ["vmalloc by ring_make"] = 12288 }, ignoreOrder: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("== meminfo\nSUnreclaim: lots kB\n== meminfo\nagain\n== loadavg\n\n== sys/fs/file-nr\n")]
    public void What_is_hidden_or_no_figure_is_left_out(string told) => LinuxHoldings.Parse(told).Kinds.ShouldBeEmpty();

    [Fact]
    public void A_figure_that_no_kernel_has_counts_for_nothing() =>
        LinuxHoldings.Parse("== meminfo\nSUnreclaim: 99999999999999999999999 kB\n").Kinds.ShouldHaveSingleItem().Amount.ShouldBe(0);
}
