namespace KextDev.MachO;

/// <summary>Which bytes of a file belong to a table; the rest must survive a round trip too.</summary>
internal sealed class FileClaims(ReadOnlyMemory<byte> bytes)
{
    private readonly List<(uint Offset, uint Length)> _claims = [];
    private long _total;

    /// <summary>More was claimed than there is: one piece of a small file would be taken for many, and work would not be bounded by its length.</summary>
    public bool Overlap => _total > bytes.Length;

    public void Add(uint offset, uint length)
    {
        _claims.Add((offset, length));
        _total += length;
    }

    /// <summary>The unclaimed stretches that hold anything but zeros.</summary>
    public IReadOnlyList<FileRange> Unclaimed()
    {
        _claims.Sort();
        var ranges = new List<FileRange>();
        var covered = 0L;
        foreach (var (offset, length) in _claims)
        {
            Keep(covered, offset, ranges);
            covered = Math.Max(covered, (long)offset + length);
        }

        Keep(covered, bytes.Length, ranges);
        return ranges;
    }

    private void Keep(long start, long end, List<FileRange> ranges)
    {
        if (start < end && bytes[(int)start..(int)end] is var gap && gap.Span.ContainsAnyExcept((byte)0))
        {
            ranges.Add(new FileRange((int)start, gap));
        }
    }
}
