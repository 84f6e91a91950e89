using System.IO.Pipelines;

namespace KextDev.Shells;

/// <summary>One output of a program, in pieces that come over one connection after the other, for a reader who sees a single stream.</summary>
internal sealed class ContinuedStream
{
    private readonly Pipe _pipe = new();
    private readonly Task _reading;

    /// <param name="read">Reads it to its end.</param>
    public ContinuedStream(Func<Stream, Task> read) => _reading = read(_pipe.Reader.AsStream());

    /// <summary>How many bytes the reader has, or is about to get.</summary>
    public long Length { get; private set; }

    /// <summary>Adds a piece as it comes. Where it breaks off, what came of it stays.</summary>
    public async Task AppendAsync(Stream piece)
    {
        var buffer = new byte[16 * 1024];
        for (int count; (count = await piece.ReadAsync(buffer)) > 0;)
        {
            Length += count;
            await _pipe.Writer.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    /// <summary>No more comes; waits until the reader has all.</summary>
    public async Task EndAsync()
    {
        await _pipe.Writer.CompleteAsync();
        await _reading;
    }
}
