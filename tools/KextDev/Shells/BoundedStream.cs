namespace KextDev.Shells;

/// <summary>Takes so many bytes and no more: what a guest sends has no end but its own.</summary>
internal sealed class BoundedStream(Stream inner, long most) : Stream
{
    private long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _written;

    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">It would be more than is taken; nothing of this piece was written.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > most - _written)
        {
            throw new IOException($"it has more than the {most:N0} bytes that are taken from a guest.");
        }

        inner.Write(buffer);
        _written += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
