using System.Globalization;
using KextDev.Platforms;

namespace KextDev.Testing;

/// <summary>Loads and unloads the extension again and again: what the kernel holds more of each time is a leak.</summary>
/// <param name="cycles">As many as are asked for; a quarter of them come before the first measurement, for whatever is made once and kept.</param>
public sealed class FindLeaks(int cycles, TimeProvider clock)
{
    /// <summary>Fewer are no series.</summary>
    public const int FewestCycles = Measured + 1;

    private const int Measured = 3;

    /// <summary>What a cycle may take on a busy machine.</summary>
    public static TimeSpan CycleLimit { get; } = TimeSpan.FromSeconds(15);

    /// <param name="folder">Of the guest within the run's: its logs/leaks.txt has all figures.</param>
    /// <returns>A refusal names what grew, and the figures.</returns>
    public async Task<KernelAnswer> RunAsync(TestBench bench, string variant, string folder, CancellationToken cancellationToken)
    {
        var series = new LeakSeries(Math.Max(1, cycles / (Measured + 1)));

        // Noise that looks like a leak does not look so for twice as long.
        while (series.Count <= Measured || (series is { IsGrowing: true, IsCertain: false } && series.Count <= 2 * Measured))
        {
            if (await CycleAsync(bench, variant, series.Cycles, cancellationToken) is { Accepted: false } refusal)
            {
                return refusal;
            }

            series.Add(await bench.Platform.ReadHoldingsAsync(cancellationToken));
        }

        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "logs")).FullName, "leaks.txt");
        await File.WriteAllTextAsync(file, series.Describe(), cancellationToken);
        return series.IsGrowing
            ? KernelAnswer.No(
                $"{bench.Slot.Extension.Name} leaks: with each loading and unloading the kernel holds more.\n{series.DescribeGrowth()}\n"
                + $"Let its unloading give back what its loading takes. All figures: {file}")
            : KernelAnswer.Yes;
    }

    // All in one command, which is many times faster; where that stumbles the rest is done one by one, with patience and the kernel's words.
    private async Task<KernelAnswer> CycleAsync(TestBench bench, string variant, int times, CancellationToken cancellationToken)
    {
        bench.Slot.Forget(variant);
        var done = await CycleAtOnceAsync(bench, variant, times, cancellationToken);
        bench.Slot.Forget();
        if (done < times && await new UnloadExtension(clock).RunAsync(bench.Slot, cancellationToken) is { Accepted: false } stuck)
        {
            return stuck;
        }

        for (; done < times; done++)
        {
            if (await bench.Slot.LoadAsync(variant, cancellationToken) is { Accepted: false } refusal)
            {
                return refusal;
            }

            if (await new UnloadExtension(clock).RunAsync(bench.Slot, cancellationToken) is { Accepted: false } stays)
            {
                return stays;
            }
        }

        IReadOnlyList<string> left = [.. bench.Slot.Leftovers, .. await bench.Slot.ReadLeftoversAsync(cancellationToken)];
        return left.Count == 0
            ? KernelAnswer.Yes
            : KernelAnswer.No($"{bench.Slot.Extension.Name} leaves something behind when it is loaded and unloaded again:\n{left[0]}");
    }

    /// <returns>How many cycles went well: the one after them did not.</returns>
    private static async Task<int> CycleAtOnceAsync(TestBench bench, string variant, int times, CancellationToken cancellationToken)
    {
        var extension = bench.Files.Extensions[variant];
        var command = string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            done=0
            while [ $done -lt {{times}} ] && {{bench.Platform.LoadCommand(extension)}} >/dev/null 2>&1 && {{bench.Platform.UnloadCommand(extension)}} >/dev/null 2>&1; do
              done=$((done + 1))
            done
            echo $done
            """);
        var answer = await bench.Shell.RunAsync(command, cancellationToken);
        return int.TryParse(answer.Output.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var done) && done <= times ? done : 0;
    }
}
