namespace KextDev.MachO;

/// <param name="File">The MH_KEXT_BUNDLE; null after an error.</param>
public sealed record KextLinkResult(byte[]? File, IReadOnlyList<LinkDiagnostic> Diagnostics)
{
    public bool Succeeded => File is not null;

    /// <summary>What the kernel or another kext must provide, sorted by name; known also when the link failed later on.</summary>
    public IReadOnlyList<LinkImport> Imports { get; init; } = [];

    public Guid? Uuid { get; init; }
}

/// <summary>A symbol that no input defines.</summary>
/// <param name="Name">Mach-O name: C's foo is "_foo".</param>
/// <param name="Weak">Every reference says that it may be absent.</param>
/// <param name="Objects">Names of the inputs that refer to it, in the order of the link.</param>
public sealed record LinkImport(string Name, bool Weak, IReadOnlyList<string> Objects);
