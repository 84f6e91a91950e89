namespace KextDev.MachO;

/// <param name="Command">LC_*.</param>
public abstract record LoadCommand(uint Command)
{
    public const uint SymbolTable = 0x02;
    public const uint DynamicSymbolTable = 0x0B;
    public const uint Segment64 = 0x19;
    public const uint Uuid = 0x1B;
    public const uint CodeSignature = 0x1D;
    public const uint VersionMinimumMacos = 0x24;
    public const uint SourceVersion = 0x2A;

    /// <summary>Bytes in the file.</summary>
    public abstract int Size { get; }
}

/// <summary>LC_SEGMENT_64.</summary>
public sealed record SegmentCommand(
    string Name, ulong Address, ulong VirtualSize, ulong FileOffset, ulong FileSize, uint MaximumProtection, uint InitialProtection)
    : LoadCommand(Segment64)
{
    public const int FixedSize = 72;

    public uint Flags { get; init; }

    public IReadOnlyList<Section> Sections { get; init; } = [];

    public override int Size => FixedSize + (Sections.Count * Section.HeaderSize);
}

/// <summary>LC_SYMTAB.</summary>
public sealed record SymbolTableCommand(uint SymbolOffset, uint SymbolCount, uint StringOffset, uint StringSize) : LoadCommand(SymbolTable)
{
    public const int FixedSize = 24;

    public override int Size => FixedSize;
}

/// <summary>LC_DYSYMTAB: 18 words after cmd and cmdsize, by their place in dysymtab_command.</summary>
public sealed record DynamicSymbolTableCommand(IReadOnlyList<uint> Words) : LoadCommand(DynamicSymbolTable)
{
    public const int WordCount = 18;
    public const int FixedSize = 8 + (WordCount * 4);

    public uint FirstLocal => Words[0];

    public uint LocalCount => Words[1];

    public uint FirstExternal => Words[2];

    public uint ExternalCount => Words[3];

    public uint FirstUndefined => Words[4];

    public uint UndefinedCount => Words[5];

    public uint ExternalRelocationOffset => Words[14];

    public uint ExternalRelocationCount => Words[15];

    public uint LocalRelocationOffset => Words[16];

    public uint LocalRelocationCount => Words[17];

    public override int Size => FixedSize;
}

/// <summary>LC_UUID. The bytes of the file are the UUID's in the order in which they are written out.</summary>
public sealed record UuidCommand(Guid Value) : LoadCommand(Uuid)
{
    public const int FixedSize = 24;

    public override int Size => FixedSize;
}

/// <summary>A command that is kept as it is.</summary>
/// <param name="Body">All after cmd and cmdsize.</param>
public sealed record OtherCommand(uint Command, ReadOnlyMemory<byte> Body) : LoadCommand(Command)
{
    public override int Size => 8 + Body.Length;
}
