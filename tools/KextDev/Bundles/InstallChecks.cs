namespace KextDev.Bundles;

/// <summary>Owners, modes and links as the loader demands: root:wheel, nothing writable by group or others. KC1301 to KC1303.</summary>
internal static class InstallChecks
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    public static IEnumerable<Finding> Check(KextBundle bundle, IReadOnlyList<string>? notRootOwned)
    {
        var installed = notRootOwned is { Count: 0 };
        if (!installed)
        {
            yield return new Finding(
                Severity.Note,
                "KC1301",
                notRootOwned is null
                    ? "whether root:wheel owns every file is not known here"
                    : $"{notRootOwned.Count} files are not owned by root:wheel",
                "",
                $"When installing: chown -R root:wheel /Library/Extensions/{Path.GetFileName(bundle.Folder)}");
        }

        var writable = bundle.Files
            .Where(file => !file.IsLink && (file.Mode & WritableByOthers) is not (null or UnixFileMode.None))
            .ToList();
        if (writable.Count > 0)
        {
            yield return new Finding(
                // A build folder's modes matter only when root owns the files already: then this is the installed kext.
                installed ? Severity.Error : Severity.Note,
                "KC1302",
                $"group or others may write {ReleaseNames.List([.. writable.Select(file => file.Path.Length == 0 ? "." : file.Path)])}",
                writable[0].Path,
                $"{(installed ? "" : "When installing: ")}chmod -R go-w /Library/Extensions/{Path.GetFileName(bundle.Folder)}");
        }

        foreach (var link in bundle.Files.Where(file => file.IsLink))
        {
            yield return new Finding(
                Severity.Warning, "KC1303", "a symbolic link: the booter does not follow it", link.Path, "Put the file itself there.");
        }
    }
}
