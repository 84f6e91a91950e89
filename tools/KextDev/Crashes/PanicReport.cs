using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Crashes;

/// <summary>
/// What was read so far of a macOS panic, as its kernel prints it on the console and as it stands in a .panic file (10.9 to 11):
/// the message, the backtrace, the extensions in it with where they lie, the system.
/// </summary>
internal sealed partial class PanicReport
{
    private const int MostLines = 400;
    private const int MostMessageLines = 40;
    private const int LongestTitle = 200;
    private const ulong PageSize = 0x1000;
    private const string KernelImage = "mach_kernel";

    private const string PageFault = "type 14=page fault";

    // The first whose words are in the title counts.
    private static readonly (string Words, CrashKind Kind)[] s_kinds =
    [
        (PageFault, CrashKind.PageFault),
        ("type 13=general protection", CrashKind.GeneralProtection),
        ("type 8=double fault", CrashKind.StackOverflow),
        ("Double fault at ", CrashKind.StackOverflow),
        ("Kernel trap at ", CrashKind.Oops),
        ("watchdog timeout: ", CrashKind.HungTask),
        ("Sleep transition timed out", CrashKind.HungTask),
        ("Unresponsive processor", CrashKind.HardLockup),
        ("thread_invoke: preemption_level", CrashKind.AtomicSleep),
        ("freed zone element", CrashKind.SlabCorruption),
        ("being freed to wrong zone", CrashKind.SlabCorruption),
        ("double free of ", CrashKind.SlabCorruption),
    ];

    private readonly List<string> _text = [];
    private readonly List<string> _message = [];
    private readonly List<(int Line, ulong Address, string Place)> _frames = [];
    private readonly List<CrashedExtension> _extensions = [];
    private (int Line, ulong Address)? _instruction;
    private Guid? _kernel;
    private ulong _slide;
    private ulong? _faultAddress;
    private Part _part = Part.Message;

    private PanicReport(string line, string message)
    {
        _text.Add(line);
        _message.Add(message);
    }

    private enum Part
    {
        Message,
        Frames,
        Extensions,
        System,
        LoadedKexts,
    }

    /// <param name="line">A console line: "panic(cpu 2 caller 0xffffff80003ed5fc): ...".</param>
    /// <returns>Null for any other line.</returns>
    public static PanicReport? Begin(string line)
    {
        var whole = ConsoleLine.Parse(line).Whole;
        return Headline().Match(whole) is { Success: true } match ? new PanicReport(whole, match.Groups["message"].Value) : null;
    }

    /// <returns>False when the line does not belong to the report any more.</returns>
    public bool Take(string line)
    {
        var whole = ConsoleLine.Parse(line).Whole;

        // The last part is a list of names and versions; whatever follows is not the panicked kernel's.
        if (_text.Count >= MostLines || (_part == Part.LoadedKexts && !LoadedKext().IsMatch(line)))
        {
            return false;
        }

        _text.Add(whole);
        Read(whole);
        return true;
    }

    public Crash ToCrash()
    {
        var title = Title();
        var culprit = Culprit();
        return new Crash(title, Kind(title), CrashSeverity.Fatal, culprit.Function, culprit.Extension, [.. _text])
        {
            Offset = culprit.Offset,
            Places = [.. Places()],
            Extensions = [.. _extensions],
            Kernel = _kernel is { } uuid ? new CrashedKernel(uuid, _slide) : null,
        };
    }

    private void Read(string line)
    {
        if (line.StartsWith("Backtrace", StringComparison.Ordinal))
        {
            _part = Part.Frames;
        }
        else if (line.TrimStart().StartsWith("Kernel Extensions in backtrace:", StringComparison.Ordinal))
        {
            _part = Part.Extensions;
        }
        else if (line.StartsWith("loaded kexts:", StringComparison.Ordinal))
        {
            _part = Part.LoadedKexts;
        }
        else if (_part == Part.Message)
        {
            if (_message.Count < MostMessageLines)
            {
                _message.Add(line);
            }

            if (FaultAddress().Match(line) is { Success: true } fault)
            {
                _faultAddress = Address(fault.Groups["address"]);
            }

            if (Instruction().Match(line) is { Success: true } instruction)
            {
                _instruction ??= (_text.Count - 1, Address(instruction.Groups["address"]));
            }
        }
        else if (_part == Part.Frames && Frame().Match(line) is { Success: true } frame)
        {
            _frames.Add((_text.Count - 1, Address(frame.Groups["address"]), frame.Groups["place"].Value.Trim()));
        }
        else if (_part == Part.Extensions && ExtensionLine().Match(line) is { Success: true } extension)
        {
            _extensions.Add(new CrashedExtension(
                extension.Groups["identifier"].Value,
                extension.Groups["version"].Value,
                Guid.TryParse(extension.Groups["uuid"].ValueSpan, out var uuid) ? uuid : null,
                Address(extension.Groups["start"]),
                Address(extension.Groups["end"])));
        }
        else if (_part == Part.Extensions && line.Length == 0)
        {
            _part = Part.System;
        }
        else if (_part is Part.Frames or Part.System && Kernel().Match(line) is { Success: true } kernel)
        {
            _kernel = Guid.TryParse(kernel.Groups["uuid"].ValueSpan, out var uuid) ? uuid : _kernel;
            _slide = kernel.Groups["slide"] is { Success: true } slide ? Address(slide) : _slide;
        }
    }

    // A trap's backtrace holds the instruction itself; the other addresses are where calls return to.
    private IEnumerable<CrashPlace> Places()
    {
        if (_instruction is { } instruction)
        {
            yield return new AddressPlace(instruction.Line, IsReturn: false, instruction.Address);
        }

        foreach (var (line, address, _) in _frames)
        {
            yield return new AddressPlace(line, address != _instruction?.Address, address);
        }
    }

    // The panic string: quoted, then "@" and the place in the kernel's sources; traps and some kernels leave the quotes out.
    private string Title()
    {
        var end = _message[0].StartsWith('"') ? _message.FindIndex(line => Quoted().IsMatch(line)) : 0;
        var whole = string.Join(' ', _message.Take(end + 1).Select(line => line.Trim()));
        var message = Registers().Replace(Place().Replace(whole, ""), "").Trim('"', ' ');
        return message.Length > LongestTitle ? message[..LongestTitle] : message.Length > 0 ? message : "panic";
    }

    private CrashKind Kind(string title) =>
        title.Contains(PageFault, StringComparison.Ordinal) && _faultAddress < PageSize
            ? CrashKind.NullDereference
            : Array.Find(s_kinds, kind => title.Contains(kind.Words, StringComparison.Ordinal)) is { Words: not null } found ? found.Kind : CrashKind.Panic;

    // Whom the message itself suspects; else the innermost frame that lies in an extension: Apple's own are there because somebody called them.
    private Site Culprit()
    {
        if (Suspect().Match(string.Join(' ', _message)) is { Success: true } suspect)
        {
            return new Site(suspect.Groups["identifier"].Value, null, null);
        }

        var sites = _frames.Select(Locate).OfType<Site>().ToList();
        var site = sites.Find(site => !IsApples(site.Extension)) ?? sites.FirstOrDefault();
        return site ?? new Site((_extensions.Find(extension => !extension.IsApples) ?? _extensions.FirstOrDefault())?.Identifier, null, null);
    }

    // Where a report was cut before its list of extensions, the kernel's own words beside the address tell whose it is.
    private Site? Locate((int Line, ulong Address, string Place) frame)
    {
        var named = Named().Match(frame.Place);
        var function = named.Groups["function"] is { Success: true, Value: var name } ? name : null;
        return _extensions.Find(extension => extension.Contains(frame.Address)) is { } found ? new Site(found.Identifier, function, frame.Address - found.Start)
            : _extensions.Count == 0 && named.Success && named.Groups["image"].Value != KernelImage ? new Site(named.Groups["image"].Value, function, null)
            : null;
    }

    private static bool IsApples(string? identifier) => identifier is not null && identifier.StartsWith("com.apple.", StringComparison.Ordinal);

    private static ulong Address(Group digits) => ulong.Parse(digits.ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^panic ?\(cpu \d{1,5} caller (0x)?[0-9a-fA-F]{1,16}\): ?(?<message>.*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Headline();

    // "frame : return address", and the symbol where the kernel keeps them.
    [GeneratedRegex(@"^\s*0x[0-9a-fA-F]{1,16} : 0x(?<address>[0-9a-fA-F]{1,16})(?<place>.*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Frame();

    // "identifier(version)[UUID]@start->end"; lines that begin with "dependency:" name what it needs.
    [GeneratedRegex(
        @"^\s*(?<identifier>[A-Za-z0-9_.-]{1,128})\((?<version>[^)]{0,64})\)(\[(?<uuid>[^\]]{0,64})\])?@0x(?<start>[0-9a-fA-F]{1,16})->0x(?<end>[0-9a-fA-F]{1,16})",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex ExtensionLine();

    // "identifier : _function + 0x..."; a console may be cut in the middle of it.
    [GeneratedRegex(
        @"^(?<image>[A-Za-z0-9_.-]{1,128})( : _?(?<function>[A-Za-z_][A-Za-z0-9_.$]{0,127}) \+ 0x| : |$)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Named();

    [GeneratedRegex(@"\bSuspected bundle: (?<identifier>[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}[A-Za-z0-9_-])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Suspect();

    [GeneratedRegex(@"^Fault CR2: 0x(?<address>[0-9a-fA-F]{1,16}),", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex FaultAddress();

    // The registers' line "RFL: 0x..., RIP: 0x..., CS:  0x..., SS:  0x...".
    [GeneratedRegex(@"\bRIP: 0x(?<address>[0-9a-fA-F]{1,16}),", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^Kernel (UUID: (?<uuid>[0-9A-Fa-f-]{36})|slide: {1,16}0x(?<slide>[0-9a-fA-F]{1,16}))\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Kernel();

    // A line that ends the quotation.
    [GeneratedRegex(@""" ?(@.*)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Quoted();

    // "@/Library/Caches/.../pmap.c:844"
    [GeneratedRegex(@" ?@\S{1,400}:\d{1,6}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Place();

    [GeneratedRegex(@", registers:?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Registers();

    // The tab is a space in a text that a run kept.
    [GeneratedRegex(@"^([^\s:]{1,128}(\t\S{0,64}| \d\S{0,63})|\(none\))\r?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex LoadedKext();

    /// <param name="Offset">In the extension, in bytes.</param>
    private sealed record Site(string? Extension, string? Function, ulong? Offset);
}
