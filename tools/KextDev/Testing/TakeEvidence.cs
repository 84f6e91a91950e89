using System.Globalization;
using System.Text;
using KextDev.Debuggers.Gdb;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>
/// What remains of a kernel that died or hangs, before its guest is ended: what each processor was doing, by the hypervisor's gdb stub, and the memory where that was
/// asked for. What cannot be had is told in a sentence.
/// </summary>
public sealed class TakeEvidence(GuestDefinition definition, KernelTestOptions options, BuiltExtension built, RunJournal journal)
{
    // Of a guest of two processors both take milliseconds and seconds.
    private static readonly TimeSpan NameLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProcessorLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MemoryLimit = TimeSpan.FromMinutes(10);

    private readonly KernelFunctions _functions = new(options.State, built);

    // What plays XNU in such a guest is a program: the machine's processors run the Linux below it.
    private bool NamesFunctions => definition.Platform == GuestPlatform.Linux;

    /// <summary>Learns what a living kernel alone tells. It is asked for little, but for its first time.</summary>
    public async Task LearnAsync(IGuest guest, GuestShell shell, CancellationToken cancellationToken)
    {
        if (NamesFunctions)
        {
            await TryAsync("The names of the kernel's functions are", NameLimit, token => _functions.LearnAsync(guest, shell, token), cancellationToken);
        }
    }

    /// <summary>Learns where the extension lies that was loaded.</summary>
    public async Task LearnAsync(IKernelPlatform platform, DeployedExtension extension, CancellationToken cancellationToken)
    {
        if (NamesFunctions && await platform.LocateAsync(extension, cancellationToken) is LoadedModule module)
        {
            _functions.Learn(extension.Variant, module);
        }
    }

    /// <returns>What a kernel that does not answer is doing, to be added to the verdict's sentence; empty where that is not known, or the kernel told by itself how it died.</returns>
    public async Task<string> RunAsync(IGuest guest, Verdict verdict, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(Path.Combine(options.RunFolder, "crash")).FullName;
        var number = 1;
        while (Directory.EnumerateFiles(folder, $"{definition.Name}-{number}-*").Any())
        {
            number++;
        }

        var stem = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{definition.Name}-{number}-"));
        var doing = await TryAsync("The processors' registers are", ProcessorLimit, token => ReadProcessorsAsync(guest, stem + "processors.log", token), cancellationToken) ?? "";
        if (options.MemoryDump)
        {
            await TryAsync("The guest's memory is", MemoryLimit, token => DumpMemoryAsync(guest, stem + "memory.kdump", token), cancellationToken);
        }

        return verdict == Verdict.Panicked ? "" : doing;
    }

    private async Task<string?> TryAsync(string what, TimeSpan limit, Func<CancellationToken, Task<string>> take, CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ends.CancelAfter(limit);
        try
        {
            return await take(ends.Token);
        }
        catch (Exception exception) when (exception is InfrastructureException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            journal.Publish(new NoteGiven($"{what} not among the evidence: {exception.Message}"));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            journal.Publish(new NoteGiven($"{what} not among the evidence: they were not to be had within {limit.TotalSeconds:0} s."));
        }

        return null;
    }

    private async Task<string> ReadProcessorsAsync(IGuest guest, string file, CancellationToken cancellationToken)
    {
        if (definition.KextHost is not null)
        {
            throw new InfrastructureException("its machine's processors run the Linux on which its kernel plays XNU. The panic report has the backtrace.");
        }

        var stub = guest as IDebugStub ?? throw new InfrastructureException($"the driver of guest {guest.Name} serves no gdb stub.");
        if (stub.FindObstacle(atBoot: false) is { } obstacle)
        {
            throw new InfrastructureException($"{obstacle}.");
        }

        await using var halted = await stub.HaltAsync(atBoot: false, cancellationToken);
        await using var client = await GdbClient.ConnectAsync(halted.EndPoint, cancellationToken);
        var names = _functions.Read();
        var text = new StringBuilder();
        var sentences = new List<string>();
        foreach (var processor in await client.ReadProcessorsAsync(cancellationToken))
        {
            var returns = processor.RunsProgram ? [] : await X86Calls.ReadReturnsAsync(client, processor, address => names.Find(address) is not null, cancellationToken);
            var place = new ProcessorPlace(processor, returns, names);
            sentences.Add(place.Sentence);
            place.Describe(text);
        }

        await File.WriteAllTextAsync(file, text.ToString(), cancellationToken);
        journal.Publish(new NoteGiven($"What each processor was doing: {file}"));
        return sentences.Count == 0 ? "" : $" {string.Join(' ', sentences)}";
    }

    private async Task<string> DumpMemoryAsync(IGuest guest, string file, CancellationToken cancellationToken)
    {
        var memory = guest as IMemoryDump ?? throw new InfrastructureException($"the driver of guest {guest.Name} cannot write it.");
        await memory.DumpMemoryAsync(file, cancellationToken);
        journal.Publish(new NoteGiven($"The guest's memory: {file}"));
        return file;
    }
}
