using KextDev.MachO;

namespace KextDev.Bundles;

/// <summary>From a Mach-O file to what the checks must know of it.</summary>
public static class ExecutableReader
{
    /// <summary>More than any kext has; a larger file is refused unread.</summary>
    private const long LargestFile = 1L << 30;

    // LC_REQ_DYLD: the command must be understood. It is no part of its number.
    private const uint RequiredBit = 0x8000_0000;

    /// <returns>Null and what is wrong with the file; or the executable, and what was noticed.</returns>
    public static (KextExecutable? Executable, IReadOnlyList<Finding> Findings) Read(string path, string name)
    {
        try
        {
            return new FileInfo(path).Length is var length && length > LargestFile
                ? (null, [Unreadable($"it has {length} bytes", name)])
                : Read(File.ReadAllBytes(path), name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, [Unreadable(exception.Message, name)]);
        }
    }

    public static (KextExecutable? Executable, IReadOnlyList<Finding> Findings) Read(ReadOnlyMemory<byte> bytes, string name)
    {
        var reading = MachOReader.Read(bytes, name);
        IReadOnlyList<Finding> findings = [.. reading.Diagnostics.Select(Translate)];
        var file = reading.File ?? reading.Slices.FirstOrDefault(slice => slice.File is not null)?.File;
        if (reading.Slices.Count == 0 || (file is null && findings.Any(finding => finding.Severity == Severity.Error)))
        {
            return (null, findings);
        }

        var processors = reading.Slices.Select(slice => slice.CpuType).ToList();
        var kmod = file is null ? null : KmodInfo.Find(file);
        var executable = new KextExecutable(
            processors,
            file?.Header.FileType ?? 0,
            file is null ? [] : [.. file.Imports.Select(import => new KextImport(import.Name, import.IsWeak))],
            file is null ? [] : [.. file.Commands.Select(command => command.Command & ~RequiredBit)])
        {
            HasKmodInfo = file?.FindDefined(KmodInfo.SymbolName) is not null,
            KmodIdentifier = NullIfEmpty(kmod?.Identifier),
            KmodVersion = NullIfEmpty(kmod?.Version),
            Uuid = file?.Uuid,
        };
        return (executable, findings);
    }

    private static Finding Translate(LinkDiagnostic diagnostic) => new(
        diagnostic.Severity == LinkSeverity.Error ? Severity.Error : Severity.Warning, diagnostic.Code, diagnostic.Message, diagnostic.Place);

    private static Finding Unreadable(string why, string name) =>
        new(Severity.Error, "KC1108", $"the executable cannot be read: {why}", name, "Make it readable for everyone.");

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
