using System.Text;

namespace KextDev.Guests.Vmware;

/// <summary>One line of a .vmx file, byte by byte as it stands there.</summary>
/// <param name="Text">Without its line end.</param>
/// <param name="End">"\n", "\r\n" or "\r"; empty for a last line without one.</param>
/// <param name="Name">Null when the line sets nothing: a comment, a blank or a malformed line.</param>
/// <param name="ValueRange">Of the value in <paramref name="Text"/>, its quotes included.</param>
internal sealed record VmxLine(ReadOnlyMemory<byte> Text, ReadOnlyMemory<byte> End, string? Name, Range ValueRange)
{
    private const byte Quote = (byte)'"';

    public ReadOnlyMemory<byte> Raw => (byte[])[.. Text.Span, .. End.Span];

    /// <summary>Still escaped, without quotes.</summary>
    public ReadOnlyMemory<byte> Value
    {
        get
        {
            var value = Text[ValueRange];
            return value.Length >= 2 && value.Span[0] == Quote ? value[1..^1] : value;
        }
    }

    public static IReadOnlyList<VmxLine> Split(ReadOnlyMemory<byte> content)
    {
        var rest = content.Span.StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        var lines = new List<VmxLine>();
        while (!rest.IsEmpty)
        {
            var length = rest.Span.IndexOfAny((byte)'\n', (byte)'\r');
            length = length < 0 ? rest.Length : length;
            var end = length == rest.Length ? 0 : rest.Span[length..].StartsWith("\r\n"u8) ? 2 : 1;
            lines.Add(Parse(rest[..length], rest.Slice(length, end)));
            rest = rest[(length + end)..];
        }

        return lines;
    }

    public static VmxLine Of(ReadOnlySpan<byte> name, ReadOnlySpan<byte> escaped, ReadOnlyMemory<byte> end) =>
        Parse((byte[])[.. name, .. " = \""u8, .. escaped, Quote], end);

    public bool Is(string name) => string.Equals(Name, name, StringComparison.OrdinalIgnoreCase);

    /// <summary>The same line with another value; what stands around it stays.</summary>
    public VmxLine WithValue(ReadOnlySpan<byte> escaped) =>
        Parse((byte[])[.. Text.Span[..ValueRange.Start.Value], Quote, .. escaped, Quote, .. Text.Span[ValueRange.End.Value..]], End);

    public VmxLine WithEnd(ReadOnlyMemory<byte> end) => this with { End = end };

    // name = "value" # comment: names have no white space, '=' or '#'; a value without quotes ends at white space or '#'.
    private static VmxLine Parse(ReadOnlyMemory<byte> line, ReadOnlyMemory<byte> end)
    {
        var text = line.Span;
        var position = SkipBlank(text, 0);
        var name = position;
        while (position < text.Length && !IsBlank(text[position]) && text[position] is not ((byte)'=' or (byte)'#' or Quote))
        {
            position++;
        }

        var nameEnd = position;
        position = SkipBlank(text, position);
        if (nameEnd == name || position == text.Length || text[position] != (byte)'=')
        {
            return Other(line, end);
        }

        var value = SkipBlank(text, position + 1);
        int valueEnd;
        if (value < text.Length && text[value] == Quote)
        {
            var close = text[(value + 1)..].IndexOf(Quote);
            if (close < 0)
            {
                return Other(line, end);
            }

            valueEnd = value + close + 2;
        }
        else
        {
            valueEnd = value;
            while (valueEnd < text.Length && !IsBlank(text[valueEnd]) && text[valueEnd] is not ((byte)'#' or Quote))
            {
                valueEnd++;
            }
        }

        var rest = SkipBlank(text, valueEnd);
        return rest == text.Length || text[rest] == (byte)'#'
            ? new VmxLine(line, end, Encoding.Latin1.GetString(text[name..nameEnd]), value..valueEnd)
            : Other(line, end);
    }

    private static VmxLine Other(ReadOnlyMemory<byte> line, ReadOnlyMemory<byte> end) => new(line, end, Name: null, default);

    private static int SkipBlank(ReadOnlySpan<byte> text, int position)
    {
        while (position < text.Length && IsBlank(text[position]))
        {
            position++;
        }

        return position;
    }

    private static bool IsBlank(byte one) => one is (byte)' ' or (byte)'\t';
}
