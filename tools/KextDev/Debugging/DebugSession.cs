using System.Globalization;
using KextDev.Debuggers.Gdb;
using KextDev.Debuggers.Lldb;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Testing;
using KextDev.Toolchains;

namespace KextDev.Debugging;

/// <summary>
/// The pipeline up to the debugger's prompt: build with symbols, acquire guest, load, symbols for this exact build, halt. The kernel is halted until the
/// session is disposed; then it runs on, however the debugger ended.
/// </summary>
public sealed class DebugSession : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _opened = [];

    private DebugSession()
    {
    }

    /// <summary>The debugger, to be run with the user's terminal.</summary>
    public HostCommand Debugger { get; private set; } = new("true");

    /// <exception cref="InfrastructureException">A step failed, or the guest has no way for a debugger.</exception>
    public static async Task<DebugSession> OpenAsync(KernelDebugOptions options, RunJournal journal, CancellationToken cancellationToken)
    {
        var session = new DebugSession();
        try
        {
            await session.PrepareAsync(options, journal, cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the kernel run on, and leaves the guest.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var opened in Enumerable.Reverse(_opened))
        {
            await opened.DisposeAsync();
        }

        _opened.Clear();
    }

    internal static LldbScript Script(OpenedTarget target, int port, BreakIn breakIn) => new()
    {
        Kernel = target.Kernel?.File,
        KernelSlide = target.Kernel?.Slide ?? 0,
        Images = [Image(target)],
        Connect = string.Create(CultureInfo.InvariantCulture, $"gdb-remote 127.0.0.1:{port}"),
        RunTo = breakIn == BreakIn.Panic ? "panic" : null,
    };

    // Said before anything is built or started.
    private static IDebugStub Require(GuestDefinition definition, IGuest guest) =>
        definition.Platform == GuestPlatform.Darwin
            ? throw new InfrastructureException(
                $"KernelDebug does not debug the macOS kernel of guest {definition.Name} yet: it reaches kernels by their hypervisor's gdb stub, and knows Linux's alone. "
                + $"A kernel that waits in the debugger is served to lldb over KDP: ./build.sh KdpBridge --guest {definition.Name}, see docs/kdp.md.")
        : guest is IDebugStub stub ? stub
        : throw new InfrastructureException(
            $"No debugger can be opened on the guest {definition.Name}: its driver serves no gdb stub. Choose a guest whose driver is qemu.");

    private static DebuggedImage Image(OpenedTarget target) => (target.Image, target.Loaded) switch
    {
        (BuiltModule module, LoadedModule loaded) => new ScatteredImage(module.Module.Path, SectionsOf(module, loaded)),

        // A kext's file begins at address 0.
        (BuiltBundle bundle, LoadedKext loaded) => new SlidImage(bundle.Kext.ExecutableFile, bundle.Kext.DwarfFile, loaded.Address),
        _ => throw new InfrastructureException($"The extension {target.Image.Path} is of another system than its guest."),
    };

    // The kernel gives its loader's own tables addresses too; lldb knows those of the file alone.
    private static Dictionary<string, ulong> SectionsOf(BuiltModule module, LoadedModule loaded)
    {
        var file = ElfFile.Read(File.ReadAllBytes(module.Module.Path));
        return loaded.Sections.Where(section => file.Place(section.Key) is not null).ToDictionary(StringComparer.Ordinal);
    }

    private async Task PrepareAsync(KernelDebugOptions options, RunJournal journal, CancellationToken cancellationToken)
    {
        var site = new GuestSite(options.State, sentence => journal.Publish(new NoteGiven(sentence))) { AskSecret = options.AskSecret };
        var guest = GuestFactory.Create(options.Guest, site);
        _opened.Add(guest);
        var halting = Require(options.Guest, guest);
        var target = await new OpenTarget(options, journal).RunAsync(guest, cancellationToken);
        journal.Publish(new NoteGiven($"Transport: gdb-remote, by the hypervisor's stub; it can halt the kernel of {guest.Name} at any time."));
        var stub = await halting.HaltAsync(cancellationToken);
        _opened.Add(stub);
        var relay = GdbRelay.Open(stub.EndPoint);
        _opened.Add(relay);
        var script = Path.Combine(options.Folder, "session.lldb");
        await File.WriteAllTextAsync(script, Script(target, relay.Port, options.Break).ToString(), cancellationToken);
        Debugger = LldbProgram.Session(script, options.Commands, options.Batch);
        journal.Publish(new NoteGiven($"{target.Image.Path}, build {target.Image.Identity}, is loaded in {guest.Name}; lldb gets its addresses from {script}. Leaving lldb lets the guest run on."));
    }
}
