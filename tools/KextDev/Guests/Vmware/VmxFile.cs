using System.Text;

namespace KextDev.Guests.Vmware;

/// <summary>
/// A virtual machine's configuration: lines of <c>name = "value"</c>, read and changed without losing anything else that stands in it.
/// A line that no change touches keeps its very bytes: comments, blank and malformed lines, spacing and line ends of any kind.
/// </summary>
/// <remarks>
/// Names match ignoring case. VMware writes each name once; where a file has one twice it depends on the product's version which counts,
/// so a change sets all of them.
/// </remarks>
public sealed class VmxFile
{
    private readonly IReadOnlyList<VmxLine> _lines;
    private readonly VmxEncoding _encoding;

    private VmxFile(IReadOnlyList<VmxLine> lines, VmxEncoding encoding)
    {
        _lines = lines;
        _encoding = encoding;
    }

    /// <summary>The names that stand in the file more than once, as first written there.</summary>
    public IReadOnlyList<string> RepeatedNames =>
        [.. Settings.GroupBy(line => line.Name!, StringComparer.OrdinalIgnoreCase).Where(group => group.Skip(1).Any()).Select(group => group.Key)];

    private IEnumerable<VmxLine> Settings => _lines.Where(line => line.Name is not null);

    /// <exception cref="InfrastructureException">There is no such file, or it cannot be read.</exception>
    public static VmxFile Read(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var why = Directory.Exists(path) ? "it is a folder; name the .vmx file in it"
                : File.Exists(path) ? exception.Message
                : "there is no such file. Let \"vmx\" of the guest's definition name one that exists; ./build.sh VmCreate makes one";
            throw new InfrastructureException($"The virtual machine {path} cannot be read: {why}.", exception);
        }
    }

    public static VmxFile Parse(ReadOnlyMemory<byte> content)
    {
        var lines = VmxLine.Split(content);
        return new VmxFile(lines, VmxEncoding.Of(content.Span, lines));
    }

    /// <summary>A setting's value; null when the file does not have it. Of a repeated name, the last.</summary>
    public string? Get(string name) => Settings.LastOrDefault(line => line.Is(name)) is { } line ? Decode(line.Value.Span) : null;

    /// <summary>True when the setting is there and says TRUE.</summary>
    public bool IsOn(string name) => string.Equals(Get(name), VmxChange.On, StringComparison.OrdinalIgnoreCase);

    /// <summary>A setting that names a file, as a full path.</summary>
    /// <param name="folder">The folder of the .vmx file, from which VMware takes relative names.</param>
    public string? GetPath(string name, string folder) => Get(name) is { Length: > 0 } value ? Path.GetFullPath(value, folder) : null;

    /// <summary>All settings, in the file's order.</summary>
    public IEnumerable<KeyValuePair<string, string>> All() => Settings.Select(line => KeyValuePair.Create(line.Name!, Decode(line.Value.Span)));

    /// <summary>The file with these changes; settings that are new come last. Changes that change nothing leave the file as it is.</summary>
    /// <exception cref="InfrastructureException">A value cannot be written in the file's encoding.</exception>
    public VmxFile With(IEnumerable<VmxChange> changes)
    {
        var lines = _lines.ToList();
        foreach (var change in changes)
        {
            Apply(change, lines);
        }

        return new VmxFile(lines, _encoding);
    }

    public byte[] ToBytes()
    {
        var bytes = new MemoryStream();
        bytes.Write(_encoding.Preamble);
        foreach (var line in _lines)
        {
            bytes.Write(line.Raw.Span);
        }

        return bytes.ToArray();
    }

    /// <summary>Replaces a machine's file, which must not run: VMware writes the file of a running one itself. What was there stays beside it.</summary>
    /// <returns>The backup's path.</returns>
    public string Save(string path, DateTimeOffset now)
    {
        var backup = $"{path}.{now:yyyyMMdd-HHmmss}.bak";
        var mode = File.GetUnixFileMode(path);
        File.Copy(path, backup, overwrite: true);
        AtomicFile.Write(path, stream => stream.Write(ToBytes()));
        File.SetUnixFileMode(path, mode);
        return backup;
    }

    /// <summary>What differs in <paramref name="changed"/>, which was made from this file: lines that start with "-", "+" or, for what stands around them, " ".</summary>
    public IReadOnlyList<string> DiffTo(VmxFile changed) => VmxDiff.Of([.. _lines.Select(Text)], [.. changed._lines.Select(Text)]);

    private string Text(VmxLine line) => _encoding.Decode(line.Text.Span);

    private string Decode(ReadOnlySpan<byte> value) => _encoding.Decode(VmxText.Unescape(value));

    private void Apply(VmxChange change, List<VmxLine> lines)
    {
        if (change.Value is not { } value)
        {
            lines.RemoveAll(line => line.Is(change.Name));
            return;
        }

        var written = VmxText.Escape(_encoding.Encode(value, change.Name));
        var found = false;
        for (var index = 0; index < lines.Count; index++)
        {
            if (lines[index].Is(change.Name))
            {
                found = true;
                lines[index] = Decode(lines[index].Value.Span) == value ? lines[index] : lines[index].WithValue(written);
            }
        }

        if (!found)
        {
            var end = lines.Select(line => line.End).FirstOrDefault(end => !end.IsEmpty) is { IsEmpty: false } usual ? usual : "\n"u8.ToArray();
            if (lines.Count > 0 && lines[^1].End.IsEmpty)
            {
                lines[^1] = lines[^1].WithEnd(end);
            }

            lines.Add(VmxLine.Of(Encoding.ASCII.GetBytes(change.Name), written, end));
        }
    }
}
