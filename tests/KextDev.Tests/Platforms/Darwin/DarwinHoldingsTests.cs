using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class DarwinHoldingsTests
{
    // Of a release with limits, of one that writes none, and with what else zprint tells.
    private const string Told = """
                                    elem         cur         max        cur         max         cur  alloc  alloc
        zone name                   size        size        size      #elts       #elts       inuse   size  count
        -------------------------------------------------------------------------------------------------------------
        vm objects                   256       9612K      13122K      38448       52488       37521     8K     32  C
        kalloc.16                     16       1372K       2401K      87808      153664       71236     4K    256  C
        kalloc.1024                 1024       6120K       -----       6120       -----        5950     4K      4  C
        kernel_stacks              16384       2800K       2800K        175         175         117    16K      1   C
        data.kalloc.48                48        520K          0K      11093           X       10240     4K     85  C

                                       vm    cur    max
        com.example.mykext                     12K
        kern.num_files: 3210
        kern.num_threads: 1411
        """;

    [Fact]
    public void Zones_and_handles_are_read()
    {
        var holdings = DarwinHoldings.Parse(Told);

        holdings.Kinds.Select(one => (one.Name, one.Unit, one.Amount)).ShouldBe(
            [("zone memory", "KiB", ((71236 * 16) + (5950 * 1024) + (10240 * 48)) / 1024), ("open files", "", 3210), ("threads", "", 1411)]);
        holdings.Owners["zone vm objects"].ShouldBe(37521 * 256);
        holdings.Owners.Count.ShouldBe(5);
    }

    [Fact]
    public void A_system_that_has_no_zprint_tells_nothing_of_its_zones() => DarwinHoldings.Parse("sysctl: unknown oid 'kern.num_files'\n").Kinds.ShouldBeEmpty();
}
