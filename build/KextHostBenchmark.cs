using KextDev;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Toolchains;
using KextDev.Toolchains.Darwin;

/// <summary>Loading, calls and events in kexthost; tests/kexthost/benchmark does the measuring.</summary>
internal sealed class KextHostBenchmark(string root, StateFolder state, Action<string> print)
{
    private readonly string _sources = Path.Combine(root, "tests", "kexthost", "benchmark");
    private readonly string _host = Path.Combine(root, "kext", "host");

    public async Task RunAsync(IKextToolchain toolchain, CancellationToken cancellationToken)
    {
        var kexts = new KextBuild(toolchain, state.Build, print.Invoke, _ => { });
        var weight = await kexts.RunAsync(Project.Load(Path.Combine(_sources, "kextdev.json")), "normal", BuildConfiguration.Release, cancellationToken);
        var own = await kexts.RunAsync(Project.Load(Path.Combine(root, "kext", "kextdev.json")), "test", BuildConfiguration.Release, cancellationToken);
        var programs = await new KextHostToolchain(_host, Path.Combine(state.Build, "kexthost"), print.Invoke, _ => { }).BuildAsync(cancellationToken);

        var folder = Directory.CreateTempSubdirectory("kextdev-host").FullName;
        try
        {
            var measure = Path.Combine(folder, "measure");
            await CompileAsync(measure, cancellationToken);
            await MeasureAsync(programs.KextHost, Path.Combine(folder, "socket"), folder, [measure, weight.BundleFolder, own.BundleFolder], cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task CompileAsync(string measure, CancellationToken cancellationToken)
    {
        string[] flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-pthread", "-DKEXTHOST", "-DOSQ_TEST_BUILD", "-I" + _host, "-I" + Path.Combine(root, "kext", "include")];
        var clients = Directory.EnumerateFiles(_host, "client*.c").Order(StringComparer.Ordinal);
        await new HostCommand("gcc", [.. flags, "-o", measure, Path.Combine(_sources, "measure.c"), .. clients]).RunAsync(cancellationToken);
    }

    private async Task MeasureAsync(string host, string socket, string folder, string[] measure, CancellationToken cancellationToken)
    {
        var log = Path.Combine(folder, "log");

        // It serves until this is disposed; its first line says that it is ready.
        await using var output = new HostCommand(host, "--socket", socket, "--log", log).StreamAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        if (!await output.MoveNextAsync() || output.Current is not OutputLine)
        {
            throw new InfrastructureException($"{host} did not start: {output.Current}");
        }

        var result = await new HostCommand(measure[0], socket, measure[1], measure[2]).TryRunAsync(cancellationToken);
        print(result.Output);
        if (result.ExitCode != 0)
        {
            throw new InfrastructureException($"kexthost could not be measured: {result.Error}\n{await File.ReadAllTextAsync(log, cancellationToken)}");
        }
    }
}
