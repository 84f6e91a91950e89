namespace KextDev.MachO.Linking;

/// <summary>A section of the image: the sections of that name of all objects, one after the other, and what the linker adds.</summary>
internal sealed class OutputSection(string segment, string name)
{
    private const uint CodeAttributes = 0x80000400;
    private const uint PureInstructions = 0x80000000;

    private readonly List<InputSection> _inputs = [];

    public string Segment => segment;

    public string Name => name;

    public IReadOnlyList<InputSection> Inputs => _inputs;

    /// <summary>From 1 on.</summary>
    public int Number { get; set; }

    public ulong Address { get; set; }

    public ulong Size { get; private set; }

    /// <summary>log2.</summary>
    public uint Alignment { get; private set; }

    public bool IsZeroFill { get; private set; } = true;

    public byte Type { get; private set; } = Section.ZeroFill;

    public bool IsCode { get; private set; }

    /// <summary>Place among the sections of its segment, as Apple's linker orders them; zero-fill must be last.</summary>
    public int Rank => (segment, name, IsZeroFill) switch
    {
        ("__TEXT", "__text", _) => 0,
        ("__TEXT", _, _) when IsCode => 1,
        ("__TEXT", "__cstring", _) => 2,
        ("__TEXT", "__const", _) => 3,
        ("__TEXT", _, _) => 4,
        (_, "__got", false) => 0,
        (_, "__mod_init_func", false) => 1,
        (_, "__mod_term_func", false) => 2,
        (_, "__const", false) => 3,
        (_, "__data", false) => 4,
        (_, _, false) => 5,
        (_, "__common", _) => 6,
        (_, "__bss", _) => 7,
        _ => 8,
    };

    /// <summary>
    /// Whole: equal literals stay several, since a compiler may refer to one by an offset that points into its neighbour, and nothing in a
    /// relocation tells which of the two is meant. Coalesced sections become plain ones: their symbols have been coalesced.
    /// </summary>
    public void Add(InputSection input)
    {
        var header = input.Header;
        var type = header.Type == 0xB ? Section.Regular : header.Type;
        Type = _inputs.Count == 0 || Type == Section.ZeroFill ? type : type == Type || type == Section.ZeroFill ? Type : Section.Regular;
        IsZeroFill &= header.IsZeroFill;
        IsCode |= (header.Flags & PureInstructions) != 0;
        Alignment = Math.Max(Alignment, header.Alignment);
        input.Output = this;
        _inputs.Add(input);
    }

    /// <summary>Room for what the linker itself adds, after the objects' sections.</summary>
    /// <returns>Its offset in the section.</returns>
    public ulong Reserve(ulong size, uint alignment, bool isZeroFill)
    {
        if (!isZeroFill)
        {
            (Type, IsZeroFill) = (Section.Regular, false);
        }

        Alignment = Math.Max(Alignment, alignment);
        var offset = Align(Size, alignment);
        Size = offset + size;
        return offset;
    }

    /// <summary>Gives each object's section its offset; all sizes together stay far below 2^63.</summary>
    public void PlaceInputs()
    {
        foreach (var input in _inputs)
        {
            input.Address = Align(Size, input.Header.Alignment);
            Size = input.Address + input.Header.Size;
        }
    }

    /// <summary>From offsets to addresses.</summary>
    public void MoveTo(ulong address)
    {
        Address = address;
        foreach (var input in _inputs)
        {
            input.Address += address;
        }
    }

    public Section ToHeader() =>
        new(segment, name, Address, Size, IsZeroFill ? 0 : (uint)Address, Alignment, Type | (IsCode ? CodeAttributes : 0));

    public static ulong Align(ulong value, uint alignment) => (value + (1ul << (int)alignment) - 1) & ~((1ul << (int)alignment) - 1);
}
