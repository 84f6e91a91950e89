namespace KextDev.Platforms;

/// <summary>Where a loaded extension lies in its kernel. The cases below are all there are.</summary>
/// <param name="Identity">Of its build, as the system tells it; null where it tells none.</param>
public abstract record LoadedImage(string? Identity);

/// <summary>A Linux module: each of its sections has an address of its own.</summary>
/// <param name="Identity">Hexadecimal digits of the linker's build id.</param>
/// <param name="Sections">Those that are in memory, by name.</param>
public sealed record LoadedModule(string? Identity, IReadOnlyDictionary<string, ulong> Sections) : LoadedImage(Identity);

/// <summary>A kext, which lies in one piece.</summary>
/// <param name="Identity">Its UUID, in capitals.</param>
/// <param name="Address">Of its first byte.</param>
/// <param name="Size">In bytes.</param>
public sealed record LoadedKext(string? Identity, ulong Address, ulong Size) : LoadedImage(Identity);
