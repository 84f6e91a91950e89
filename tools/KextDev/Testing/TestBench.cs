using KextDev.Events;
using KextDev.Guests;
using KextDev.Logs;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Shells;
using KextDev.Symbols;

namespace KextDev.Testing;

/// <summary>
/// A guest that is up, watched and connected to, with the extension deployed in it: what tests run on.
/// Whatever happens, disposing it leaves no extension loaded in a guest that stays up, and no guest that should not stay.
/// </summary>
public sealed class TestBench : IAsyncDisposable
{
    // A guest that does not answer must not hold up the end of a run.
    private static readonly TimeSpan TidyLimit = TimeSpan.FromSeconds(15);

    private readonly AcquiredGuest _acquired;
    private readonly GuestPlatform _system;

    private TestBench(AcquiredGuest acquired, GuestPlatform system, GuestShell shell, IKernelPlatform platform, DeployedFiles files, TakeEvidence evidence)
    {
        _acquired = acquired;
        Evidence = evidence;
        _system = system;
        Shell = shell;
        Platform = platform;
        Files = files;
        Slot = new ExtensionSlot(platform, files.Extensions);
    }

    public GuestWatch Watch => _acquired.Watch;

    public IGuest Guest => _acquired.Guest;

    public GuestEndpoint Endpoint => _acquired.Endpoint;

    public GuestShell Shell { get; }

    public IKernelPlatform Platform { get; }

    public DeployedFiles Files { get; }

    public ExtensionSlot Slot { get; }

    /// <summary>Whether the guest goes on after this run, so that nothing may stay behind in it.</summary>
    public bool Outlives { get; set; }

    /// <summary>Reads the extension's log channel; null where it has none.</summary>
    public LogCollector? Log { get; set; }

    /// <summary>Is taken where the kernel dies or hangs.</summary>
    public TakeEvidence Evidence { get; }

    /// <summary>Acquires, connects, deploys, and learns what a kernel that dies cannot tell. What was opened before a step failed is closed again.</summary>
    public static async Task<TestBench> OpenAsync(
        IGuest guest, GuestPlatform system, BuiltExtension built, TakeEvidence evidence, string consoleLog, RunJournal journal, CancellationToken cancellationToken)
    {
        AcquiredGuest? acquired = null;
        await using var early = new EarlyConnection();
        if (guest is IExpected expected)
        {
            expected.Expected = early.Begin;
        }

        GuestShell? shell = null;
        try
        {
            var symbols = new CrashSymbols(new SymbolFolders([.. built.Images.Values.Select(image => image.SymbolPath)]), folder: null);
            acquired = await journal.StageAsync(Stage.AcquireGuest, () => new AcquireGuest(symbols, journal).RunAsync(guest, consoleLog, cancellationToken));
            shell = await journal.StageAsync(Stage.Connect, () => early.ConnectAsync(acquired.Endpoint, cancellationToken));
            var platform = await KernelPlatforms.OpenAsync(system, shell, cancellationToken);
            shell.AnticipateCommand();
            var folder = $"/tmp/kextdev-{Guid.NewGuid():N}";
            var files = await journal.StageAsync(Stage.Deploy, async () =>
            {
                var deployed = await DeployExtension.RunAsync(shell, platform, folder, built, cancellationToken);
                await evidence.LearnAsync(guest, shell, cancellationToken);
                return deployed;
            });
            return new TestBench(acquired, system, shell, platform, files, evidence) { Outlives = guest is IKeepable { Joined: true } };
        }
        catch
        {
            try
            {
                await (shell?.DisposeAsync() ?? ValueTask.CompletedTask);
            }
            finally
            {
                await (acquired?.DisposeAsync() ?? guest.DisposeAsync());
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await EndUseAsync();
        }
        finally
        {
            await _acquired.DisposeAsync();
        }
    }

    // Whatever fails of it, the guest is not left to itself.
    private async Task EndUseAsync()
    {
        try
        {
            await (Log?.DisposeAsync() ?? ValueTask.CompletedTask);
            if (Outlives && !Watch.Died.IsCancellationRequested)
            {
                await TidyAsync();
            }
        }
        finally
        {
            await Shell.DisposeAsync();
        }
    }

    // The guest goes on after us: neither the extension nor the files stay behind.
    private async Task TidyAsync()
    {
        using var limit = new CancellationTokenSource(TidyLimit);
        try
        {
            // A lost connection is no reason to leave anything behind in a guest that lives.
            await using var anew = Shell.IsConnected ? null : await GuestShell.ConnectAsync(Endpoint, limit.Token);
            var shell = anew ?? Shell;
            var slot = new ExtensionSlot(await KernelPlatforms.OpenAsync(_system, shell, limit.Token), Files.Extensions);
            await new UnloadExtension(TimeProvider.System).RunAsync(slot, limit.Token);
            await DeployExtension.RemoveAsync(shell, Files.Folder, limit.Token);
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            // The guest is lost or hangs; the run's verdict has said so already.
        }
    }
}
