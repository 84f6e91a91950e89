using System.Globalization;
using KextDev.Crashes;
using KextDev.Toolchains;

namespace KextDev.Symbols;

/// <summary>A crash with names for its addresses.</summary>
/// <param name="Text">The report's lines, below each that names a known place the lines that tell of it.</param>
/// <param name="Notes">Whose symbols were taken, and why others were not.</param>
/// <param name="Named">How many places got a name.</param>
public sealed record NamedCrash(Crash Crash, IReadOnlyList<string> Text, IReadOnlyList<string> Notes, int Named);

/// <summary>Finds function, file and line of what a crash names in code. Only the very build that crashed will do: its UUID or build id decides.</summary>
/// <param name="folder">Sources below it are named relative to it; null for full paths.</param>
public sealed class CrashSymbols(SymbolFolders symbols, string? folder)
{
    private const string Indent = "        ";

    // Above what it takes on a busy machine. Who reports a crash does not wait for ever for its names.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The report's text for those who tell of a crash at once: with names where they can be had, and as it is where not.</summary>
    public async Task<IReadOnlyList<string>> TextAsync(Crash crash, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            return (await NameAsync(crash, limit.Token)).Text;
        }
        catch (Exception exception) when (exception is InfrastructureException or IOException or UnauthorizedAccessException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return crash.Text;
        }
    }

    /// <summary>Whether a line is one of those below a report's own.</summary>
    internal static bool IsName(string line) =>
        line.StartsWith(Indent, StringComparison.Ordinal) && line.AsSpan(Indent.Length) is var said
        && (said.StartsWith("at ", StringComparison.Ordinal) || said.StartsWith("or at ", StringComparison.Ordinal) || said.StartsWith("inlined into ", StringComparison.Ordinal));

    /// <exception cref="InfrastructureException">There is no llvm-symbolizer, or it failed.</exception>
    public async Task<NamedCrash> NameAsync(Crash crash, CancellationToken cancellationToken)
    {
        var told = new Dictionary<int, List<string>>();
        var notes = new List<string>();
        if (crash.IsLater)
        {
            notes.Add("The kernel had crashed or warned before: that report comes first, and this one may be a mere consequence");
        }

        foreach (var extension in crash.Extensions)
        {
            await NameAsync(extension, [.. crash.Places.OfType<AddressPlace>().Where(place => extension.Contains(Instruction(place)))], told, notes, cancellationToken);
        }

        if (crash.Kernel is { } kernel && symbols.Dwarfs.FirstOrDefault(dwarf => dwarf.Identity.Uuid == kernel.Uuid) is { } file)
        {
            notes.Add($"mach_kernel: symbols of {file.Path}");
            var places = crash.Places.OfType<AddressPlace>().Where(place => !crash.Extensions.Any(extension => extension.Contains(Instruction(place))));
            await NameAsync(file, "mach_kernel", [.. places], kernel.Slide, file.Identity.TextAddress + kernel.Slide, told, cancellationToken);
        }

        foreach (var places in crash.Places.OfType<SymbolPlace>().Where(place => place.Module is not null).GroupBy(place => place.Module!, StringComparer.Ordinal))
        {
            await NameAsync(places.Key, [.. places], crash.Release, told, notes, cancellationToken);
        }

        return new NamedCrash(crash, [.. crash.Text.SelectMany((line, index) => told.GetValueOrDefault(index, []).Prepend(line))], notes, told.Count);
    }

    private async Task NameAsync(
        CrashedExtension extension, IReadOnlyList<AddressPlace> places, Dictionary<int, List<string>> told, List<string> notes, CancellationToken cancellationToken)
    {
        var name = $"{extension.Identifier} ({extension.Version})";
        if (extension.Uuid is null)
        {
            notes.Add($"{name}: the report has no UUID of it, so that no dSYM can be shown to be its own. Its frames are left as they are");
        }
        else if (symbols.Dwarfs.FirstOrDefault(dwarf => dwarf.Identity.Uuid == extension.Uuid) is { } file)
        {
            notes.Add($"{name}: symbols of {file.Path}");
            await NameAsync(file, extension.Identifier, places, extension.Start - file.Identity.TextAddress, extension.Start, told, cancellationToken);
        }
        else if (symbols.Dwarfs.Where(dwarf => dwarf.IsOf(extension.Identifier)).ToList() is { Count: > 0 } others)
        {
            notes.Add(
                $"{name}: the one that crashed has the UUID {Text(extension.Uuid.Value)}; "
                + $"{string.Join(", ", others.Select(other => $"{other.Path} has {Text(other.Identity.Uuid)}"))}. Its frames are left as they are");
        }
        else if (!extension.IsApples)
        {
            notes.Add($"{name}: no dSYM with the UUID {Text(extension.Uuid.Value)} lies in {symbols.Description}. Its frames are left as they are");
        }
    }

    /// <param name="slide">What was added to the file's addresses, modulo 2^64.</param>
    private async Task NameAsync(
        DwarfFile file, string name, IReadOnlyList<AddressPlace> places, ulong slide, ulong start, Dictionary<int, List<string>> told, CancellationToken cancellationToken)
    {
        if (places.Count == 0)
        {
            return;
        }

        var found = await LlvmSymbolizer.ResolveAsync(file.Path, [.. places.Select(place => Instruction(place) - slide)], cancellationToken);
        foreach (var (place, sources) in places.Zip(found).Where(pair => pair.Second.Count > 0))
        {
            told[place.Line] = Tell(sources, $"{name} + 0x{(place.Address - start).ToString("x", CultureInfo.InvariantCulture)}");
        }
    }

    private async Task NameAsync(
        string module, IReadOnlyList<SymbolPlace> places, string? release, Dictionary<int, List<string>> told, List<string> notes, CancellationToken cancellationToken)
    {
        var files = symbols.ModulesNamed(module).Select(ModuleFile.Read).OfType<ModuleFile>().ToList();
        var judged = files.Select(file => (File: file, Misfit: Misfit(file, places, release))).ToList();
        if (judged.Find(one => one.Misfit is null) is not { File: { } chosen })
        {
            notes.Add(files.Count == 0
                ? $"{module}: no {module}.ko with debug information lies in {symbols.Description}. Its frames are left as they are"
                : $"{module}: {string.Join("; ", judged.Select(one => $"{one.File.Path} {one.Misfit}"))}. Its frames are left as they are");
            return;
        }

        var isProven = places.Any(place => place.BuildId is not null);
        notes.Add(
            $"{module}: symbols of {chosen.Path}"
            + (isProven ? "" : ". The report has no build id: that this is the build that crashed is known by the names and sizes of its functions alone"));
        foreach (var other in judged.Where(one => one.Misfit is null && one.File != chosen && one.File.Info.BuildId != chosen.Info.BuildId))
        {
            notes.Add($"{module}: {other.File.Path} fits as well");
        }

        var instructions = places.SelectMany(place => chosen.Find(place).Select(function => (Place: place, Function: function))).ToList();
        var found = await chosen.ResolveAsync([.. instructions.Select(one => (one.Function, Instruction(one.Place)))], cancellationToken);
        foreach (var (one, sources) in instructions.Zip(found).Where(pair => pair.Second.Count > 0))
        {
            // The report's name is the one that the function has in its source; the file's may be an alias of it.
            IReadOnlyList<SourcePlace> named = [.. sources.SkipLast(1), sources[^1] with { Function = one.Place.Symbol }];
            var lines = Tell(named, $"{module}.ko {chosen.Describe(one.Function, one.Place.Offset)}");
            if (told.TryGetValue(one.Place.Line, out var earlier))
            {
                earlier.AddRange(lines.Select((line, index) => index == 0 ? $"{Indent}or {line.TrimStart()}" : line));
            }
            else
            {
                told[one.Place.Line] = lines;
            }
        }
    }

    /// <summary>Why a module's file is not the one that crashed, as the end of a sentence; null when it may be.</summary>
    private static string? Misfit(ModuleFile file, IReadOnlyList<SymbolPlace> places, string? release)
    {
        if (places.FirstOrDefault(place => place.BuildId is not null)?.BuildId is { } id)
        {
            return id == file.Info.BuildId ? null : $"has the build id {file.Info.BuildId ?? "none"}, and the one that crashed {id}";
        }

        return release is not null && release != file.Release ? $"is for the kernel {file.Release}, and {release} crashed"
            : places.FirstOrDefault(place => file.Find(place).Count == 0) is { } stranger
                ? $"has no function {stranger.Symbol} of 0x{stranger.Size.ToString("x", CultureInfo.InvariantCulture)} bytes as the one that crashed"
                : null;
    }

    private List<string> Tell(IReadOnlyList<SourcePlace> sources, string place) =>
        [.. sources.Select((source, index) => $"{Indent}{(index == 0 ? "at" : "inlined into")} {Describe(source)}{(index == sources.Count - 1 ? $", {place}" : "")}")];

    private string Describe(SourcePlace source)
    {
        var function = source.Function ?? "(unknown)";
        return source.File is null ? function : $"{function} ({Shorten(source.File)}:{source.Line.ToString(CultureInfo.InvariantCulture)})";
    }

    private string Shorten(string path) => folder is not null && path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? path[(folder.Length + 1)..] : path;

    private static ulong Instruction(AddressPlace place) => place.IsReturn ? place.Address - 1 : place.Address;

    // At offset 0 of a function there is no call before it.
    private static ulong Instruction(SymbolPlace place) => place is { IsReturn: true, Offset: > 0 } ? place.Offset - 1 : place.Offset;

    private static string Text(Guid uuid) => uuid.ToString().ToUpperInvariant();
}
