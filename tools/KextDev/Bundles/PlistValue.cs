namespace KextDev.Bundles;

/// <summary>A value of a property list, whichever form it was written in.</summary>
public abstract record PlistValue
{
    private protected PlistValue()
    {
    }

    /// <summary>The kind's name as property lists write it: "string", "dict" and so on.</summary>
    public string Kind => this switch
    {
        PlistText => "string",
        PlistInteger => "integer",
        PlistReal => "real",
        PlistFlag => "boolean",
        PlistDate => "date",
        PlistData => "data",
        PlistUid => "uid",
        PlistArray => "array",
        _ => "dict",
    };
}

public sealed record PlistText(string Value) : PlistValue;

/// <summary>Property lists know signed and unsigned 64-bit numbers: from -2^63 to 2^64-1.</summary>
public sealed record PlistInteger(Int128 Value) : PlistValue;

public sealed record PlistReal(double Value) : PlistValue;

public sealed record PlistFlag(bool Value) : PlistValue;

public sealed record PlistDate(DateTimeOffset Value) : PlistValue;

public sealed record PlistData(ReadOnlyMemory<byte> Bytes) : PlistValue;

/// <summary>An archiver's reference; exists in binary lists only.</summary>
public sealed record PlistUid(ulong Value) : PlistValue;

public sealed record PlistArray(IReadOnlyList<PlistValue> Items) : PlistValue;

/// <summary>Keys are unique.</summary>
public sealed record PlistDict(IReadOnlyDictionary<string, PlistValue> Entries) : PlistValue
{
    public PlistValue? this[string key] => Entries.GetValueOrDefault(key);

    /// <summary>The string under the key; null where there is none or another kind.</summary>
    public string? TextOf(string key) => (this[key] as PlistText)?.Value;
}
