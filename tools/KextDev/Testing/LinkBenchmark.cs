using KextDev.MachO;
using KextDev.Processes;

namespace KextDev.Testing;

/// <summary>
/// Linking many objects: KextDev's linker makes a kext of them, LLVM's (which cannot link kexts) a dynamic library. Both read the objects from
/// files and write their output to one; the two take turns, so that a slow moment of the host hits both.
/// </summary>
public sealed class LinkBenchmark(TimeProvider clock)
{
    public async Task<LinkFigures> RunAsync(int objects, int rounds, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("kextdev-link").FullName;
        try
        {
            var paths = await LinkWorkload.WriteAsync(folder, objects, cancellationToken);
            await File.WriteAllLinesAsync(Path.Combine(folder, "objects"), paths, cancellationToken);
            var bytes = paths.Sum(path => new FileInfo(path).Length);

            // A build links once: its link is the first one of its process.
            var first = TimeOurs(folder, paths, cancellationToken);
            var firstLld = await TimeLldAsync(folder, cancellationToken);
            var ours = new List<TimeSpan>();
            var lld = new List<TimeSpan>();
            for (var round = 0; round < rounds; round++)
            {
                ours.Add(TimeOurs(folder, paths, cancellationToken));
                lld.Add(await TimeLldAsync(folder, cancellationToken));
            }

            return new LinkFigures(paths.Count, bytes, first, firstLld, Median(ours), Median(lld));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    private TimeSpan TimeOurs(string folder, IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        var inputs = new LinkInput[paths.Count];
        Parallel.For(0, paths.Count, index => inputs[index] = new LinkInput(paths[index], File.ReadAllBytes(paths[index])));
        var result = KextLinker.Link(new KextLinkRequest(inputs), cancellationToken);
        var kext = result.File ?? throw new InfrastructureException($"KextDev's linker failed: {result.Diagnostics[0]}");
        File.WriteAllBytes(Path.Combine(folder, "ours"), kext);
        return clock.GetElapsedTime(start);
    }

    private async Task<TimeSpan> TimeLldAsync(string folder, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        await new HostCommand(
            "ld64.lld-14", "-arch", "x86_64", "-platform_version", "macos", "10.13", "10.13", "-dylib", "-undefined", "dynamic_lookup",
            "-filelist", Path.Combine(folder, "objects"), "-o", Path.Combine(folder, "lld")).RunAsync(cancellationToken);
        return clock.GetElapsedTime(start);
    }
}

/// <param name="Bytes">Of all objects.</param>
/// <param name="First">The first link of this process, before the runtime has compiled anything of the linker.</param>
/// <param name="Ours">Median of the later ones.</param>
public sealed record LinkFigures(int Objects, long Bytes, TimeSpan First, TimeSpan FirstLld, TimeSpan Ours, TimeSpan Lld)
{
    public double FirstRatio => First / FirstLld;

    public double Ratio => Ours / Lld;
}
