namespace KextDev.MachO;

/// <summary>An object file or a static archive.</summary>
/// <param name="Name">Its path, for messages and the debug map.</param>
/// <param name="Bytes">Must not change while linking.</param>
public sealed record LinkInput(string Name, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Taken only when it defines a symbol that is still undefined, as each member of an archive is.</summary>
    public bool IsLibrary { get; init; }

    /// <summary>The file's time in Unix seconds, by which dsymutil sees that an object is still the one that was linked.</summary>
    public long Modified { get; init; }
}
