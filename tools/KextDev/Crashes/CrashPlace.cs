namespace KextDev.Crashes;

/// <summary>A place in code that a line of a report names. The cases below are all there are.</summary>
/// <param name="Line">Index of the line in <see cref="Crash.Text"/>.</param>
/// <param name="IsReturn">Whether it is where a call returns to: the call itself stands before it.</param>
public abstract record CrashPlace(int Line, bool IsReturn);

/// <summary>An address in memory, as macOS prints it.</summary>
public sealed record AddressPlace(int Line, bool IsReturn, ulong Address) : CrashPlace(Line, IsReturn);

/// <summary>A place that is named by its function, as Linux prints it: <c>function+0x1f/0x40 [module]</c>.</summary>
/// <param name="Symbol">With what the compiler appended to it: "ring_read.isra.0".</param>
/// <param name="Offset">From the function's start, in bytes.</param>
/// <param name="Size">From the function's start to that of the next one, in bytes.</param>
/// <param name="Module">Null for the kernel's own code.</param>
/// <param name="BuildId">Of module or kernel, in hexadecimal digits; null where the kernel prints none, as most do.</param>
public sealed record SymbolPlace(int Line, bool IsReturn, string Symbol, ulong Offset, ulong Size, string? Module, string? BuildId) : CrashPlace(Line, IsReturn);

/// <summary>An extension in the backtrace of a macOS panic.</summary>
/// <param name="Identifier">Of its bundle.</param>
/// <param name="Uuid">Of its executable; null where the report has none.</param>
/// <param name="Start">Where it was loaded.</param>
/// <param name="End">Its last byte.</param>
public sealed record CrashedExtension(string Identifier, string Version, Guid? Uuid, ulong Start, ulong End)
{
    public bool IsApples => Identifier.StartsWith("com.apple.", StringComparison.Ordinal);

    public bool Contains(ulong address) => address >= Start && address <= End;
}

/// <summary>The macOS kernel that panicked.</summary>
/// <param name="Slide">What was added to the addresses in its file, in bytes.</param>
public sealed record CrashedKernel(Guid Uuid, ulong Slide);
