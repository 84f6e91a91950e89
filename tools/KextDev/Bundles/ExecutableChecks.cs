namespace KextDev.Bundles;

/// <summary>The Mach-O file against what the kernel's linker takes and what Info.plist says. KC1101 to KC1107.</summary>
internal static class ExecutableChecks
{
    /// <summary>Load commands and the first Darwin kernel that takes each in a kext; 13 is the oldest checked.</summary>
    private static readonly Dictionary<uint, int> AcceptedFrom = new()
    {
        [0x02] = 13, // SYMTAB
        [0x0B] = 13, // DYSYMTAB
        [0x19] = 13, // SEGMENT_64
        [0x1B] = 13, // UUID
        [0x1D] = 13, // CODE_SIGNATURE
        [0x1E] = 13, // SEGMENT_SPLIT_INFO
        [0x22] = 13, // DYLD_INFO
        [0x24] = 13, // VERSION_MIN_MACOSX
        [0x25] = 13, // VERSION_MIN_IPHONEOS
        [0x26] = 13, // FUNCTION_STARTS
        [0x29] = 13, // DATA_IN_CODE
        [0x2A] = 13, // SOURCE_VERSION
        [0x2B] = 13, // DYLIB_CODE_SIGN_DRS
        [0x30] = 15, // VERSION_MIN_WATCHOS
        [0x2F] = 16, // VERSION_MIN_TVOS
        [0x31] = 17, // NOTE
        [0x32] = 17, // BUILD_VERSION
    };

    public static IEnumerable<Obstacle> Check(KextBundle bundle, KextExecutable executable, IReadOnlyList<MacRelease> releases)
    {
        var where = bundle.ExecutablePath is null ? "" : Path.GetRelativePath(bundle.Folder, bundle.ExecutablePath).Replace('\\', '/');
        if (!executable.CpuTypes.Contains(KextExecutable.X86Processor))
        {
            yield return Fatal(
                "KC1101", $"no code for x86_64 (found: {string.Join(", ", executable.CpuTypes.Select(type => $"0x{type:x}"))})",
                "Build for x86_64-apple-macos.");
            yield break;
        }

        if (executable.FileType != KextExecutable.KextFileType)
        {
            yield return Fatal("KC1102", $"Mach-O file type {executable.FileType}; a kext has 11", "Link with -kext.");
        }

        if (!executable.HasKmodInfo)
        {
            yield return Fatal("KC1103", "_kmod_info is not defined", "Define it by KMOD_EXPLICIT_DECL.");
        }

        if (executable.KmodIdentifier is { } identifier && bundle.Identifier is { } declared && identifier != declared)
        {
            yield return Remark(
                Severity.Warning, "KC1104", $"kmod_info names '{identifier}', Info.plist '{declared}'",
                "Write the same identifier in both.");
        }

        if (executable.KmodVersion is { } version && bundle.Info?.TextOf("CFBundleVersion") is { } written && version != written)
        {
            yield return Remark(
                Severity.Warning, "KC1105", $"kmod_info has version '{version}', Info.plist '{written}'",
                "Write the same version in both.");
        }

        if (executable.Uuid is null)
        {
            yield return Remark(
                Severity.Note, "KC1106", "no LC_UUID: panics and kextstat cannot name the exact build, nor can a debugger match its dSYM",
                "Link with a UUID.");
        }

        foreach (var command in executable.LoadCommands.Distinct().Order())
        {
            MacRelease[] refusing = [.. releases.Where(release => release.Darwin < AcceptedFrom.GetValueOrDefault(command, int.MaxValue))];
            if (refusing.Length > 0)
            {
                yield return new Obstacle(
                    new Finding(
                        Severity.Error, "KC1107", $"load command 0x{command:x} is refused by the kernel of {ReleaseNames.Of(refusing)}",
                        where, "Link without it."),
                    refusing);
            }
        }

        Obstacle Fatal(string code, string message, string fix) => new(new Finding(Severity.Error, code, message, where, fix), releases);

        Obstacle Remark(Severity severity, string code, string message, string fix) =>
            new(new Finding(severity, code, message, where, fix), []);
    }
}
