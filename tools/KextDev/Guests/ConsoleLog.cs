using System.Text;

namespace KextDev.Guests;

/// <summary>The file that a machine's serial console goes to.</summary>
/// <param name="Path">It need not exist yet.</param>
public sealed record ConsoleLog(string Path)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>Enough to hold a panic's report, in bytes.</summary>
    private const int TailLength = 16 * 1024;

    private long Length => new FileInfo(Path) is { Exists: true } file ? file.Length : 0;

    /// <summary>Waits until anything was printed at all.</summary>
    public async Task WaitForFirstByteAsync(CancellationToken cancellationToken)
    {
        while (Length == 0)
        {
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    /// <summary>Waits until a whole line starts with this text, and returns it.</summary>
    public async Task<string> WaitForLineAsync(string start, CancellationToken cancellationToken)
    {
        for (long seen = 0; ; await Task.Delay(PollInterval, cancellationToken))
        {
            // Whoever waits often reads only what is new: a guest that boots needs the processor.
            var length = Length;
            if (length == seen)
            {
                continue;
            }

            // What follows the last line end is the beginning of a line. Nothing at all is what could not be read, and is tried again.
            var lines = Tail().ToList();
            if (lines.SkipLast(1).FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            seen = lines.Count > 0 ? length : seen;
        }
    }

    /// <summary>The last lines, without control characters; the guest decides what is in them.</summary>
    public IReadOnlyList<string> LastLines(int count) => [.. Tail().Where(line => line.Length > 0).TakeLast(count)];

    private IEnumerable<string> Tail()
    {
        try
        {
            using var file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(Math.Max(0, file.Length - TailLength), SeekOrigin.Begin);
            var text = new byte[TailLength];
            var length = file.ReadAtLeast(text, TailLength, throwOnEndOfStream: false);
            return Encoding.UTF8.GetString(text, 0, length).Split('\n').Select(line => string.Concat(line.Where(c => !char.IsControl(c) || c == '\t')));
        }
        catch (IOException)
        {
            return [];
        }
    }
}
