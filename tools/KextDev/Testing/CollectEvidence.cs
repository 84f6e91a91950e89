namespace KextDev.Testing;

/// <summary>Fetches what the guest alone knows into the run's logs/ folder. The console is there already: it was kept as it came.</summary>
public static class CollectEvidence
{
    public static async Task<string> RunAsync(TestBench bench, string runFolder, CancellationToken cancellationToken)
    {
        var logs = Directory.CreateDirectory(Path.Combine(runFolder, "logs")).FullName;
        var kernelLog = Path.Combine(logs, "kernel.log");
        await File.WriteAllLinesAsync(kernelLog, await bench.Platform.ReadLogAsync(bench.Shell, mark: null, cancellationToken), cancellationToken);
        return logs;
    }
}
