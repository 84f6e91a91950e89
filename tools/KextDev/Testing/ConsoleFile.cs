using System.Text;

namespace KextDev.Testing;

/// <summary>
/// Reads a growing console file from a given place on, line by line, and copies its bytes unchanged into the run's console.log, up to a size:
/// a guest that floods its console must not fill the host's disk.
/// </summary>
public sealed class ConsoleFile(string source, string copy)
{
    /// <summary>Bytes that are copied at most.</summary>
    public const long MostCopied = 16 * 1024 * 1024;

    // Long enough for any kernel line; a guest that never ends a line must not fill the host's memory.
    private const int LongestLine = 16 * 1024;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the console must be silent before what it said counts as complete.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(400);

    private long _understood;

    /// <summary>Is told why the copy ends before the console does.</summary>
    public Note Note { get; init; } = _ => { };

    /// <summary>How many bytes the console has printed by now.</summary>
    public long Length => new FileInfo(source).Length;

    /// <summary>Up to which byte all whole lines were yielded, and their receiver has come back for more.</summary>
    public long Understood => Volatile.Read(ref _understood);

    /// <summary>
    /// Yields lines without their line ends as they come, and null once whenever the console has fallen silent;
    /// after the stop what is left, the unfinished last line included.
    /// </summary>
    /// <param name="start">Byte offset at which to begin.</param>
    /// <param name="stopped">Ends the enumeration normally once everything written until then was read.</param>
    public async IAsyncEnumerable<string?> FollowAsync(
        long start,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stopped)
    {
        await using var input = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        await using var output = new FileStream(copy, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        input.Seek(Math.Min(start, input.Length), SeekOrigin.Begin);
        var decoder = Encoding.UTF8.GetDecoder();
        var bytes = new byte[8192];
        var text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        var line = new StringBuilder();
        var lastHeard = Environment.TickCount64;
        var told = true;
        var room = MostCopied - output.Length;
        while (true)
        {
            Volatile.Write(ref _understood, input.Position);

            // Asked before the read: what was written before the stop is still read.
            var last = stopped.IsCancellationRequested;
            var count = await input.ReadAsync(bytes, CancellationToken.None);
            if (count > 0)
            {
                lastHeard = Environment.TickCount64;
                told = false;
                room = await CopyAsync(output, bytes.AsMemory(0, count), room);
                var length = decoder.GetChars(bytes, 0, count, text, 0);
                for (var i = 0; i < length; i++)
                {
                    if (text[i] == '\n' || line.Length == LongestLine)
                    {
                        yield return line.ToString().TrimEnd('\r');
                        line.Clear();
                    }

                    if (text[i] != '\n')
                    {
                        line.Append(text[i]);
                    }
                }

                continue;
            }

            if (last)
            {
                break;
            }

            if (!told && Environment.TickCount64 - lastHeard >= Silence.TotalMilliseconds)
            {
                told = true;
                yield return null;
            }

            await Task.Delay(Poll, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (line.Length > 0)
        {
            yield return line.ToString();
        }
    }

    // A copy that cannot be written ends; who reads the lines must not miss a crash for it.
    private async Task<long> CopyAsync(FileStream output, ReadOnlyMemory<byte> bytes, long room)
    {
        if (room <= 0)
        {
            return 0;
        }

        try
        {
            await output.WriteAsync(bytes[..(int)Math.Min(bytes.Length, room)], CancellationToken.None);
            if (bytes.Length >= room)
            {
                Note($"{copy} ends here: the guest's console printed more than {MostCopied / 1024 / 1024} MiB. What it prints is still searched for crashes.");
            }

            return room - bytes.Length;
        }
        catch (IOException exception)
        {
            Note($"{copy} ends here: {exception.Message}");
            return 0;
        }
    }
}
