using System.Diagnostics;
using KextDev.Guests;

namespace KextDev.GuestTests.Guests;

/// <summary>Another process that owns a guest: this very assembly, run as a program.</summary>
public sealed class GuestOwner : IDisposable
{
    private readonly Process _process;

    private GuestOwner(Process process) => _process = process;

    /// <summary>Starts a guest for a state folder, says so on standard output, and stays until standard input ends.</summary>
    /// <param name="arguments">The state folder and, for another guest than the embedded one, a definition's file.</param>
    public static async Task Main(string[] arguments)
    {
        var site = new GuestSite(new StateFolder(arguments[0]), Console.Error.WriteLine);
        await using var guest = GuestFactory.Create(arguments.Length > 1 ? GuestDefinition.Read(arguments[1]) : GuestPlace.Embedded, site);
        await guest.StartAsync(CancellationToken.None);
        Console.WriteLine("started");
        await Console.In.ReadToEndAsync();
    }

    public static async Task<GuestOwner> StartAsync(GuestPlace place, params string[] definition)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(GuestOwner).Assembly.Location, place.State.Path, .. definition])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var owner = new GuestOwner(Process.Start(start)!);
        (await owner._process.StandardOutput.ReadLineAsync()).ShouldBe("started");
        return owner;
    }

    /// <summary>SIGKILL: the process has no chance to clean up.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Lets it end by itself.</summary>
    public async Task EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.ExitCode.ShouldBe(0);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
