using KextDev.Debuggers.Kdp;
using KextDev.Debuggers.Lldb;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Processes;
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

    /// <summary>The file of lldb commands with which a debugger begins; any lldb of this machine may, while the session is open.</summary>
    public string Script { get; private set; } = "";

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

    private static DebuggedImage Image(BuiltImage image, LoadedImage loaded) => (image, loaded) switch
    {
        (BuiltModule module, LoadedModule found) => new ScatteredImage(module.Module.Path, SectionsOf(module, found)),

        // A kext's file begins at address 0.
        (BuiltBundle bundle, LoadedKext found) => new SlidImage(bundle.Kext.ExecutableFile, bundle.Kext.DwarfFile, found.Address),
        _ => throw new InfrastructureException($"The extension {image.Path} is of another system than its guest."),
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

        // Said before anything is built or started.
        var transport = DebugTransports.Choose(options, guest, site);
        _opened.Add(transport);
        journal.Publish(new NoteGiven($"Transport: {transport.Description}"));
        var open = new OpenTarget(options, transport, journal);
        var stopped = await transport.FindStoppedAsync(cancellationToken);
        var target = stopped is null ? await open.RunAsync(guest, cancellationToken) : await open.FindInAsync(guest, stopped, cancellationToken);
        var opened = await transport.OpenAsync(options.Break, cancellationToken);
        Script = Path.Combine(options.Folder, "session.lldb");
        await File.WriteAllTextAsync(Script, ScriptOf(target, opened).ToString(), cancellationToken);
        Debugger = LldbProgram.Session(Script, options.Commands, options.Batch);
        foreach (var sentence in Sentences(guest, target, stopped, Script))
        {
            journal.Publish(new NoteGiven(sentence));
        }
    }

    private static IEnumerable<string> Sentences(IGuest guest, OpenedTarget target, KdpInspection? stopped, string script)
    {
        if (stopped is not null)
        {
            yield return $"The kernel of {guest.Name} waited in the debugger already: {stopped.Reason}.";
        }

        yield return target.Loaded is not null ? $"{target.Image.Path}, build {target.Image.Identity}, is loaded in {guest.Name}; lldb gets its addresses from {script}."
            : stopped is null ? $"The kernel of {guest.Name} starts; {target.Image.Path} is not loaded in it yet."
            : $"Where {target.Image.Path} is loaded is not known: the kernel does not tell. Its functions have no addresses in this session.";
        yield return stopped?.PanicText is null ? "Leaving lldb lets the guest run on." : "Leaving lldb leaves the kernel as it is: it panicked.";
    }

    internal static LldbScript ScriptOf(OpenedTarget target, OpenedTransport opened) => new()
    {
        Kernel = target.Kernel is { } kernel && opened.TextStart is { } textStart ? DarwinKernelFile.Slide(kernel, textStart) : target.Kernel,
        LoadsScripts = target.Kernel?.SymbolFile is not null && OperatingSystem.IsMacOS(),
        Images = target.Loaded is { } loaded ? [Image(target.Image, loaded)] : [],
        Connect = opened.Connect,
        RunTo = opened.RunTo,
    };
}
