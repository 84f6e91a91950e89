using System.Diagnostics;

namespace KextDev.BuildTests;

/// <summary>The target as people call it, in a process of its own.</summary>
public sealed class KernelSymbolicateTests : IDisposable
{
    // A limit for a target that hangs, far above what any call takes.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly string _root = Directory.CreateTempSubdirectory("symbolicate-").FullName;

    public KernelSymbolicateTests() => Directory.CreateDirectory(Path.Combine(_root, ".nuke"));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Prints_the_report_harmless_and_fails_with_what_is_missing()
    {
        var output = await FailAsync(
            """
            panic(cpu 0 caller 0xffffff7f811e0001): ring: *[2J again
            Backtrace (CPU 0), Frame : Return Address
            0xffffff97439cbb10 : 0xffffff7f811e0001 org.example.ring : _ring_start + 0x11
                  Kernel Extensions in backtrace:
                     org.example.ring(2.1)[F452C9FD-94A1-366D-BF2F-89BDDDA08364]@0xffffff7f811de000->0xffffff7f8121bfff
            """.Replace('*', '\u001b'));

        output.ShouldContain("0xffffff97439cbb10 : 0xffffff7f811e0001 org.example.ring : _ring_start + 0x11");
        output.ShouldNotContain("\u001b[2J");
        output.ShouldContain("org.example.ring (2.1): no dSYM with the UUID F452C9FD-94A1-366D-BF2F-89BDDDA08364 lies in ");
        output.ShouldContain("Nothing got a name");
    }

    [Fact]
    public async Task Says_that_there_is_no_crash() =>
        (await FailAsync("[    0.000000] Linux version 6.1.0\n[    1.500000] Run /init as init process\n")).ShouldContain("report.txt tells of no crash");

    [Fact]
    public async Task Says_where_a_report_is_no_JSON() =>
        (await FailAsync("{\"bug_type\":\"210\"}\n{\n  \"panicString\" : \"panic\",\n  \"date\" ? 1 }\n")).ShouldContain("line 4, column 10 is no JSON");

    [Fact]
    public async Task Asks_for_a_report_and_for_folders_that_exist()
    {
        (await FailAsync(report: null)).ShouldContain("name it by --report FILE");
        (await FailAsync("", "--symbols", Path.Combine(_root, "nowhere"))).ShouldContain($"--symbols: there is no {Path.Combine(_root, "nowhere")}");
    }

    /// <returns>All that the failing target prints.</returns>
    private async Task<string> FailAsync(string? report, params string[] further)
    {
        var file = Path.Combine(_root, "report.txt");
        await File.WriteAllTextAsync(file, report ?? "");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { typeof(global::Build).Assembly.Location, "KernelSymbolicate", "--root", _root },
            WorkingDirectory = _root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in report is null ? further : [.. further, "--report", file])
        {
            start.ArgumentList.Add(word);
        }

        using var limit = new CancellationTokenSource(Limit);
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.WaitForExitAsync(limit.Token);
        process.ExitCode.ShouldNotBe(0);
        return string.Concat(said);
    }
}
