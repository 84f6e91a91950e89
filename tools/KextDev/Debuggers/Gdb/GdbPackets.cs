namespace KextDev.Debuggers.Gdb;

/// <summary>
/// Cuts one direction of gdb's remote protocol into its pieces: whole packets, <c>$body#cc</c>, and what stands between them, which is
/// acknowledgements and the interrupt byte 3. Put together again, the pieces are the bytes as they came.
/// </summary>
internal sealed class GdbPackets
{
    // Far more than any stub takes; what is longer is no packet, and is passed on as it is.
    private const int LongestPacket = 1 << 20;
    private const byte Start = (byte)'$';
    private const byte End = (byte)'#';
    private const int ChecksumSize = 2;

    private readonly List<byte> _unfinished = [];
    private int _checksum = -1;

    /// <summary>The pieces that are complete now; the rest is kept for the next bytes.</summary>
    public IReadOnlyList<GdbPiece> Take(ReadOnlySpan<byte> bytes)
    {
        var pieces = new List<GdbPiece>();
        foreach (var value in bytes)
        {
            // A packet that begins within another: the first one was never finished.
            if (value == Start && _unfinished.Count > 0)
            {
                Finish(pieces, isPacket: false);
            }

            _unfinished.Add(value);
            if (_unfinished[0] != Start)
            {
                Finish(pieces, isPacket: false);
            }
            else if (_checksum >= 0)
            {
                if (++_checksum == ChecksumSize)
                {
                    Finish(pieces, isPacket: true);
                }
            }
            else if (value == End)
            {
                _checksum = 0;
            }
            else if (_unfinished.Count > LongestPacket)
            {
                Finish(pieces, isPacket: false);
            }
        }

        return pieces;
    }

    private void Finish(List<GdbPiece> pieces, bool isPacket)
    {
        pieces.Add(new GdbPiece([.. _unfinished], isPacket));
        _unfinished.Clear();
        _checksum = -1;
    }
}

/// <summary>A piece of gdb's remote protocol.</summary>
internal sealed record GdbPiece(byte[] Bytes, bool IsPacket)
{
    // "$" before the body, "#cc" after it.
    private const int FrameSize = 4;

    public static GdbPiece Interrupt { get; } = new([3], IsPacket: false);

    /// <summary>What it says, unescaped; empty for what is no packet.</summary>
    public string Text => GdbPacket.Unescape(System.Text.Encoding.Latin1.GetString(Body));

    /// <summary>The peer took a packet.</summary>
    public bool Acknowledges => !IsPacket && Bytes is [(byte)'+'];

    /// <summary>The stub refuses what it was asked.</summary>
    public bool Refuses => Body is [(byte)'E', ..];

    private ReadOnlySpan<byte> Body => IsPacket ? Bytes.AsSpan(1, Bytes.Length - FrameSize) : [];

    /// <summary>A debugger ends what it debugs: QEMU would end with it.</summary>
    public bool Kills => Body is [(byte)'k'] || Body.StartsWith("vKill;"u8);

    /// <summary>The debugger lets the processors run.</summary>
    public bool Resumes => Body is [(byte)'c' or (byte)'s' or (byte)'C' or (byte)'S', ..] || Body.StartsWith("vCont;"u8);

    /// <summary>The stub tells that the processors stopped.</summary>
    public bool TellsStop => Body is [(byte)'T' or (byte)'S' or (byte)'W' or (byte)'X', ..];

    /// <summary>The debugger goes away by itself.</summary>
    public bool Detaches => Body is [(byte)'D', ..];

    public static GdbPiece Packet(string body) => new(GdbPacket.Encode(body), IsPacket: true);
}
