using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using KextDev.Guests.Debian;
using KextDev.Guests.Images;
using KextDev.Toolchains;

namespace KextDev.Guests.Qemu;

/// <summary>A guest in QEMU on this machine, made by KextDev itself.</summary>
/// <remarks>Joins a kept machine of the same definition and image when nobody uses it; starts one of its own otherwise.</remarks>
public class QemuGuest : IGuest, ISerialConsole, IMachineEvents, IKernelHeaders, IKernelFile, IKeepable, IPreparable, IDebugStub, INmi, IMemoryDump, IRestartable, IExpected
{
    private readonly GuestDefinition _definition;
    private readonly GuestSite _site;
    private readonly PackageCache _packages;
    private QemuMachine? _machine;

    public QemuGuest(GuestDefinition definition, GuestSite site)
    {
        _definition = definition;
        _site = site;
        _packages = new PackageCache(site.State.Cache, site.Note);
    }

    public string Name => _machine?.Folder.Name ?? _definition.Name;

    public string ConsoleFile => Machine.State.ConsoleFile;

    public bool Joined { get; private set; }

    public string? RestartObstacle => null;

    public Action<GuestEndpoint?>? Expected { get; set; }

    private protected QemuMachine Machine => _machine ?? throw new InvalidOperationException($"The guest {Name} was not started.");

    public async Task<GuestEndpoint> StartAsync(CancellationToken cancellationToken)
    {
        if (_machine is null)
        {
            await QemuMachines.EndOrphansAsync(_site, cancellationToken);
            var keys = await GetKeysAsync(cancellationToken);
            var image = await GetImageAsync(keys, cancellationToken);
            var starter = new QemuStarter(_definition, _site, image, keys) { Expected = Expected };
            _machine = await starter.JoinAsync(cancellationToken);
            Joined = _machine is not null;
            _machine ??= await starter.LaunchAsync(cancellationToken);
            if (starter.ReplacesKept)
            {
                _machine.Keep();
            }
        }

        return _machine.State.Endpoint;
    }

    public void Keep() => Machine.Keep();

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_machine is { } machine)
        {
            _machine = null;
            await machine.EndAsync(cancellationToken);
            await machine.DisposeAsync();
        }
        else
        {
            await QemuMachines.EndAllAsync(_definition.Name, _site, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_machine is { } machine)
        {
            _machine = null;
            if (!machine.State.Kept)
            {
                await machine.EndAsync(CancellationToken.None);
            }

            await machine.DisposeAsync();
        }
    }

    public async IAsyncEnumerable<MachineEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var qmpEvent in Machine.Qmp.Subscribe().ReadAllAsync(cancellationToken))
        {
            switch (qmpEvent.Name)
            {
                case "GUEST_PANICKED":
                    yield return new MachinePanicked(qmpEvent.Time);
                    break;
                case "SHUTDOWN" or "RESET":
                    var reason = qmpEvent.Data.TryGetProperty("reason", out var word) ? word.GetString() : null;
                    yield return new MachineStopped(qmpEvent.Time, reason ?? qmpEvent.Name);
                    break;
            }
        }
    }

    public async Task PrepareAsync(bool refresh, CancellationToken cancellationToken)
    {
        await _packages.GetSelectionAsync(refresh, cancellationToken);
        await GetImageAsync(await GetKeysAsync(cancellationToken), cancellationToken);
        await GetKernelTreeAsync(cancellationToken);
    }

    public Task<KernelTree> GetKernelTreeAsync(CancellationToken cancellationToken) => RecipeHeaders.GetAsync(_packages, cancellationToken);

    public async Task<string> GetKernelFileAsync(CancellationToken cancellationToken) =>
        (await GetImageAsync(await GetKeysAsync(cancellationToken), cancellationToken)).Kernel;

    public string? FindObstacle(bool atBoot) => null;

    public async Task<DebugStub> HaltAsync(bool atBoot, CancellationToken cancellationToken) => await QemuDebugStub.OpenAsync(Machine, atBoot, cancellationToken);

    /// <remarks>In kdump's form, which leaves out what is zero.</remarks>
    public async Task DumpMemoryAsync(string file, CancellationToken cancellationToken)
    {
        // QEMU writes into a file that is there, whose mode stays.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        await new FileStream(file, options).DisposeAsync();
        await Machine.Qmp.ExecuteAsync("dump-guest-memory", new JsonObject { ["paging"] = false, ["protocol"] = $"file:{file}", ["format"] = "kdump-zlib" }, cancellationToken);
    }

    public async Task SendNmiAsync(CancellationToken cancellationToken) => await Machine.Qmp.ExecuteAsync("inject-nmi", arguments: null, cancellationToken);

    private protected async Task<bool> TakeKeptAsync(CancellationToken cancellationToken)
    {
        if (_machine is null)
        {
            _machine = await QemuMachines.TakeAsync(_definition.Name, _site, cancellationToken);
            Joined = _machine is not null;
        }

        return _machine is not null;
    }

    private Task<GuestKeys> GetKeysAsync(CancellationToken cancellationToken) => GuestKeys.GetAsync(_site.State.Keys, _site.Note, cancellationToken);

    private async Task<BootImage> GetImageAsync(GuestKeys keys, CancellationToken cancellationToken)
    {
        var selection = await _packages.GetSelectionAsync(refresh: false, cancellationToken);
        return await new EmbeddedImage(_site.State.Cache, _packages, _site.Note).GetAsync(selection, keys, _definition, cancellationToken);
    }
}
