using KextDev.Testing;

namespace KextDev.Tests.Testing;

public sealed class LinkBenchmarkTests
{
    [Fact]
    public async Task Both_linkers_take_the_same_objects()
    {
        var figures = await new LinkBenchmark(TimeProvider.System).RunAsync(objects: 20, rounds: 1, CancellationToken.None);

        figures.Objects.ShouldBe(21);
        figures.Bytes.ShouldBeGreaterThan(20 * 20_000);
        figures.Ratio.ShouldBePositive();
    }
}
