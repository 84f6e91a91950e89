using System.Buffers.Binary;

namespace KextDev.Debuggers.Kdp;

/// <summary>Finds the frames in what a serial line brings; the rest is a console's text, or a frame that was cut.</summary>
internal sealed class KdpFrameReader
{
    private const int SumSize = 4;

    private readonly byte[] _frame = new byte[KdpFrame.MaxSize];
    private int _length;
    private Place _place;
    private uint? _sum;

    private enum Place
    {
        Outside,
        Inside,
        Escaped,
    }

    /// <summary>Takes the line's next byte.</summary>
    /// <returns>The frame that it ends, until the next byte is taken. One of another CRC than its own counts as none; the CRC may be missing.</returns>
    public ReadOnlyMemory<byte>? Read(byte value)
    {
        switch (value)
        {
            case KdpFrame.Start:
                // What comes before the frame is its sum, or what is left of another one.
                _sum = _place == Place.Inside && _length == SumSize ? BinaryPrimitives.ReadUInt32LittleEndian(_frame) : null;
                _place = Place.Inside;
                _length = 0;
                return null;
            case KdpFrame.End:
                var whole = _place == Place.Inside && (_sum is null || _sum == KdpFrame.Checksum(_frame.AsSpan(0, _length)));
                _place = Place.Outside;
                return whole ? new ReadOnlyMemory<byte>(_frame, 0, _length) : default(ReadOnlyMemory<byte>?);
            case KdpFrame.Escape:
                _place = _place == Place.Outside ? Place.Outside : Place.Escaped;
                return null;
        }

        if (_length == _frame.Length)
        {
            _place = Place.Outside;
        }

        if (_place != Place.Outside)
        {
            _frame[_length++] = _place == Place.Escaped ? (byte)~value : value;
            _place = Place.Inside;
        }

        return null;
    }
}
