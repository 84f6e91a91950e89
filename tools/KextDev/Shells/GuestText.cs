using System.Text;

namespace KextDev.Shells;

/// <summary>Reads what a guest's program prints. The text may be anything and endless: its size is capped, its characters are kept as they are.</summary>
internal static class GuestText
{
    /// <summary>The longest line that is kept, in characters; what follows in the line is dropped and said so.</summary>
    public const int MaxLineLength = 64 * 1024;

    /// <summary>The longest text that is kept, in characters.</summary>
    public const int MaxTextLength = 16 * 1024 * 1024;

    /// <summary>Hands over each line as it comes, without its line break; also a last line that has none.</summary>
    public static async Task ReadLinesAsync(Stream stream, Action<string> handleLine)
    {
        var line = new StringBuilder();
        long dropped = 0;
        void End()
        {
            dropped += DropHalf(line, dropped);
            if (line is [.., '\r'])
            {
                line.Length--;
            }

            handleLine(dropped == 0 ? line.ToString() : $"{line} [{dropped} more characters in this line were dropped]");
            line.Clear();
            dropped = 0;
        }

        await ReadAsync(stream, text =>
        {
            while (text.IndexOf('\n') is >= 0 and var end)
            {
                Add(text[..end]);
                End();
                text = text[(end + 1)..];
            }

            Add(text);
        });
        if (line.Length > 0)
        {
            End();
        }

        void Add(ReadOnlySpan<char> text)
        {
            var kept = text[..Math.Min(text.Length, MaxLineLength - line.Length)];
            line.Append(kept);
            dropped += text.Length - kept.Length;
        }
    }

    public static async Task<string> ReadToEndAsync(Stream stream)
    {
        var all = new StringBuilder();
        long dropped = 0;
        await ReadAsync(stream, text =>
        {
            var kept = text[..Math.Min(text.Length, MaxTextLength - all.Length)];
            all.Append(kept);
            dropped += text.Length - kept.Length;
        });
        dropped += DropHalf(all, dropped);
        return dropped == 0 ? all.ToString() : $"{all}\n[{dropped} more characters were dropped]\n";
    }

    // A cut may go through a character that takes two: half of it can be written to no file. Tells how many were dropped.
    private static int DropHalf(StringBuilder kept, long dropped)
    {
        if (dropped == 0 || kept is not [.., var last] || !char.IsHighSurrogate(last))
        {
            return 0;
        }

        kept.Length--;
        return 1;
    }

    private static async Task ReadAsync(Stream stream, ReadOnlySpanAction handle)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        var buffer = new char[4096];
        for (int count; (count = await reader.ReadAsync(buffer)) > 0;)
        {
            handle(buffer.AsSpan(0, count));
        }
    }

    private delegate void ReadOnlySpanAction(ReadOnlySpan<char> text);
}
