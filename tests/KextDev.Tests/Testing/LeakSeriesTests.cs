using KextDev.Platforms;
using KextDev.Testing;

namespace KextDev.Tests.Testing;

public sealed class LeakSeriesTests
{
    private const int Cycles = 4;

    [Theory]
    [InlineData(1000, 1000, 1000, 1000)]
    [InlineData(1000, 1500, 1400, 1900)]
    [InlineData(1000, 1099, 1198, 1297)]
    [InlineData(1000, 5000, 5000, 5000)]
    public void What_stands_still_goes_back_or_grows_by_less_than_noise_is_no_leak(int first, int second, int third, int fourth) =>
        Of("KiB", noise: 100, first, second, third, fourth).IsGrowing.ShouldBeFalse();

    [Fact]
    public void What_grows_each_time_is_told_with_its_figures()
    {
        var series = Of("KiB", noise: 100, 7512, 11608, 15704, 19800);

        series.IsGrowing.ShouldBeTrue();
        series.IsCertain.ShouldBeTrue();
        series.DescribeGrowth().ShouldBe(
            "slab memory: 7,512 KiB before, 19,800 KiB after 12 cycles, which is 1,024 KiB a cycle (+4,096, +4,096, +4,096 for each 4)\n"
            + "  slab cache kmalloc-1k: +3,145,728 bytes");
        series.Describe().ShouldContain("slab memory (KiB)                      7,512      11,608      15,704      19,800");
    }

    [Fact]
    public void Slow_growth_is_looked_at_for_longer()
    {
        var series = Of("KiB", noise: 100, 1000, 1200, 1400, 1600);

        (series.IsGrowing, series.IsCertain).ShouldBe((true, false));
        series.Add(Measured("KiB", 100, 1500, 4));
        series.IsGrowing.ShouldBeFalse();
    }

    [Theory]
    [InlineData(false, 10, 11, 12, 13)]
    [InlineData(false, 10, 13, 16, 19)]
    [InlineData(true, 10, 14, 18, 22)]
    public void What_is_counted_must_grow_with_each_cycle(bool leaks, int first, int second, int third, int fourth) =>
        Of("", noise: 1, first, second, third, fourth).IsGrowing.ShouldBe(leaks);

    [Fact]
    public void What_is_not_told_each_time_says_nothing()
    {
        var series = Of("KiB", noise: 100, 1000, 9000);
        series.Add(new KernelHoldings([], new Dictionary<string, long>(StringComparer.Ordinal)));

        series.IsGrowing.ShouldBeFalse();
        series.DescribeGrowth().ShouldNotContain("slab memory");
    }

    private static LeakSeries Of(string unit, long noise, params long[] amounts)
    {
        var series = new LeakSeries(Cycles);
        foreach (var (amount, index) in amounts.Select((amount, index) => (amount, index)))
        {
            series.Add(Measured(unit, noise, amount, index));
        }

        return series;
    }

    private static KernelHoldings Measured(string unit, long noise, long amount, int index) => new(
        [new Holding("slab memory", unit, amount, noise)],
        new Dictionary<string, long>(StringComparer.Ordinal) { ["slab cache kmalloc-1k"] = (1 << 20) * (1 + index), ["slab cache dentry"] = 9000 - index });
}
