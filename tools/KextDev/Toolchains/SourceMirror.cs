namespace KextDev.Toolchains;

/// <summary>
/// A folder of symbolic links to the files of a source tree. The kernel's build writes its objects beside the sources;
/// this way they stay out of the user's folder, and each variant has its own.
/// </summary>
internal sealed class SourceMirror(string source, string mirror)
{
    // What a build by hand, or KextDev for editors, may have left in the source tree; linked, the next build would write into the user's folder.
    private static readonly string[] s_products = [".o", ".ko", ".mod", ".mod.c", "Module.symvers", "modules.order", CompileCommands.FileName];

    private readonly string _listFile = Path.Combine(mirror, ".sources");

    /// <summary>Makes the links agree with the source tree.</summary>
    /// <returns>The source files, in a fixed order.</returns>
    public IReadOnlyList<string> Update()
    {
        Directory.CreateDirectory(mirror);
        var known = BuildStamp.Read(_listFile)?.Split('\n').ToHashSet(StringComparer.Ordinal) ?? [];
        var names = FilesBelow("").Order(StringComparer.Ordinal).ToList();
        var stamp = BuildStamp.Make(source, names.Select(name => Path.Combine(source, name)));
        if (!known.SetEquals(stamp.Split('\n')) || names.Exists(name => !File.Exists(Path.Combine(mirror, name))))
        {
            RemoveLinks(names.ToHashSet(StringComparer.Ordinal));
            foreach (var name in names)
            {
                Link(name, known);
            }

            BuildStamp.Write(_listFile, stamp);
        }

        return [.. names.Select(name => Path.Combine(source, name))];
    }

    // A changed file gets a new link: make -L takes the later time of link and file, so that a file which became older is also built again.
    private void Link(string name, HashSet<string> known)
    {
        var target = Path.Combine(source, name);
        var link = new FileInfo(Path.Combine(mirror, name));
        if (link.LinkTarget == target && known.Contains(BuildStamp.Line(target)))
        {
            return;
        }

        Directory.CreateDirectory(link.DirectoryName!);
        link.Delete();
        File.CreateSymbolicLink(link.FullName, target);
    }

    private void RemoveLinks(HashSet<string> names)
    {
        var links = Directory.EnumerateFiles(mirror, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
            .Where(file => new FileInfo(file).LinkTarget is not null && !names.Contains(Path.GetRelativePath(mirror, file)));
        foreach (var link in links.ToList())
        {
            File.Delete(link);
        }
    }

    // Names that begin with a dot are the tools' own (.git, .kextdev, the kernel build's .cmd files), never sources.
    private IEnumerable<string> FilesBelow(string folder)
    {
        foreach (var entry in new DirectoryInfo(Path.Combine(source, folder)).EnumerateFileSystemInfos().Where(entry => entry.Name[0] != '.'))
        {
            var name = Path.Combine(folder, entry.Name);
            if (entry is FileInfo)
            {
                if (!Array.Exists(s_products, product => entry.Name.EndsWith(product, StringComparison.Ordinal)))
                {
                    yield return name;
                }
            }
            else if (entry.LinkTarget is null)
            {
                foreach (var file in FilesBelow(name))
                {
                    yield return file;
                }
            }
        }
    }
}
