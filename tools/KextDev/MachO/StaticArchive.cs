using System.Globalization;
using System.Text;

namespace KextDev.MachO;

/// <param name="Modified">Unix seconds.</param>
public sealed record ArchiveMember(string Name, long Modified, ReadOnlyMemory<byte> Bytes);

/// <summary>Static archives as ar and libtool write them, with BSD's or GNU's long names. Tables of symbols are left out.</summary>
public static class StaticArchive
{
    private const int HeaderSize = 60;

    private static ReadOnlySpan<byte> Magic => "!<arch>\n"u8;

    public static bool IsArchive(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Magic);

    /// <summary>The members in their order, those before a malformed one included.</summary>
    /// <param name="name">Of the archive, for messages.</param>
    public static IReadOnlyList<ArchiveMember> Read(ReadOnlyMemory<byte> bytes, string name, ICollection<LinkDiagnostic> diagnostics)
    {
        var members = new List<ArchiveMember>();
        ReadOnlyMemory<byte> longNames = default;
        for (var at = Magic.Length; at < bytes.Length;)
        {
            if (bytes.Length - at < HeaderSize || !bytes.Span.Slice(at + 58, 2).SequenceEqual("`\n"u8)
                || !long.TryParse(Field(bytes, at + 48, 10), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                || size > bytes.Length - at - HeaderSize)
            {
                diagnostics.Add(new LinkDiagnostic(
                    "KL1007", LinkSeverity.Error, $"the archive's member header at offset 0x{at:x} is malformed: the archive may be cut short", name));
                break;
            }

            var label = Field(bytes, at, 16);
            var content = bytes.Slice(at + HeaderSize, (int)size);
            if (label == "//")
            {
                longNames = content;
            }
            else if (MemberName(label, ref content, longNames) is not { } memberName)
            {
                diagnostics.Add(new LinkDiagnostic(
                    "KL1007", LinkSeverity.Error, $"the archive's member at offset 0x{at:x} has a name that the archive does not hold", name));
                break;
            }
            else if (memberName is not ("/" or "/SYM64/") && !memberName.StartsWith("__.SYMDEF", StringComparison.Ordinal))
            {
                _ = long.TryParse(Field(bytes, at + 16, 12), NumberStyles.None, CultureInfo.InvariantCulture, out var modified);
                members.Add(new ArchiveMember(memberName, modified, content));
            }

            // Members start at even offsets.
            at += HeaderSize + (int)size + (int)(size & 1);
        }

        return members;
    }

    private static string Field(ReadOnlyMemory<byte> bytes, int offset, int length) =>
        Encoding.Latin1.GetString(bytes.Span.Slice(offset, length)).TrimEnd(' ');

    // BSD: "#1/n", the name being the first n bytes of the content. GNU: "/n", an offset in the member "//"; short names end in "/".
    private static string? MemberName(string label, ref ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> longNames)
    {
        if (label.StartsWith("#1/", StringComparison.Ordinal))
        {
            if (!int.TryParse(label.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > content.Length)
            {
                return null;
            }

            var name = Encoding.UTF8.GetString(content.Span[..length].TrimEnd((byte)0));
            content = content[length..];
            return name;
        }

        if (label.Length > 1 && label[0] == '/' && char.IsAsciiDigit(label[1]))
        {
            if (!int.TryParse(label.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) || offset >= longNames.Length)
            {
                return null;
            }

            var rest = longNames.Span[offset..];
            var end = rest.IndexOf((byte)'\n');
            return Encoding.UTF8.GetString(rest[..(end < 0 ? rest.Length : end)]).TrimEnd('/');
        }

        return label.Length > 1 && label != "/SYM64/" ? label.TrimEnd('/') : label;
    }
}
