namespace KextDev.MachO.Linking;

/// <summary>A section of an object and its place in the image.</summary>
internal sealed class InputSection(Section header, bool kept)
{
    public Section Header => header;

    /// <summary>It goes into the image. Debug information stays in the objects; the kernel unwinds nothing.</summary>
    public bool IsKept => kept;

    public OutputSection? Output { get; set; }

    /// <summary>In the image.</summary>
    public ulong Address { get; set; }

    /// <summary>From addresses of the object to those of the image.</summary>
    public long Shift => (long)(Address - header.Address);
}
