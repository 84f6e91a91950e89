using System.Text;

namespace KextDev.Guests.Images;

/// <summary>The modules of an unpacked kernel package, which brings no modules.dep: the dependencies are read from the modules themselves.</summary>
public sealed class KernelModules
{
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    /// <param name="folder">lib/modules/RELEASE of the package.</param>
    public KernelModules(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.ko", SearchOption.AllDirectories))
        {
            _files[NameOf(Path.GetFileNameWithoutExtension(file))] = file;
        }
    }

    /// <summary>The files of the named modules and of all that they need, in the order in which they can be loaded.</summary>
    /// <exception cref="InfrastructureException">A module is missing from the package.</exception>
    public IReadOnlyList<string> InLoadOrder(IEnumerable<string> names)
    {
        var ordered = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            Visit(NameOf(name), seen, ordered);
        }

        return ordered;
    }

    private void Visit(string name, HashSet<string> seen, List<string> ordered)
    {
        if (!seen.Add(name))
        {
            return;
        }

        if (!_files.TryGetValue(name, out var file))
        {
            throw new InfrastructureException(
                $"The kernel package has no module {name}, which the guest needs. "
                + "Debian 12's kernels have it, as an uncompressed .ko file; is this host's archive another?");
        }

        foreach (var needed in Dependencies(file))
        {
            Visit(needed, seen, ordered);
        }

        ordered.Add(file);
    }

    // .modinfo is a section of NUL-terminated "key=value" strings.
    private static IEnumerable<string> Dependencies(string file)
    {
        var content = File.ReadAllBytes(file).AsSpan();
        var start = content.IndexOf("\0depends="u8);
        if (start < 0)
        {
            return [];
        }

        var value = content[(start + "\0depends=".Length)..];
        return Encoding.ASCII.GetString(value[..value.IndexOf((byte)0)]).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(NameOf);
    }

    private static string NameOf(string file) => file.Replace('-', '_');
}
