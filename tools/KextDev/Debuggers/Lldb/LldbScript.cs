using System.Globalization;
using System.Text;

namespace KextDev.Debuggers.Lldb;

/// <summary>The commands with which a session begins: the kernel, the extension where it lies in memory, the connection, and where to stop.</summary>
public sealed record LldbScript
{
    /// <summary>The kernel, with symbols; null where there is no file of it.</summary>
    public SlidImage? Kernel { get; init; }

    /// <summary>What else is in the kernel's memory.</summary>
    public IReadOnlyList<DebuggedImage> Images { get; init; } = [];

    /// <summary>Scripts that come with symbols may be run: those of Apple's kernel debug kits are lldb's macros.</summary>
    public bool LoadsScripts { get; init; }

    /// <summary>A command that connects, such as "gdb-remote 127.0.0.1:1234".</summary>
    public required string Connect { get; init; }

    /// <summary>Where to stop before the session is handed over; null to stay where the kernel was halted.</summary>
    public RunTo? RunTo { get; init; }

    public override string ToString()
    {
        var text = new StringBuilder();

        // Leaving never asks: the kernel runs on, whichever way.
        text.AppendLine("settings set auto-confirm true");
        if (LoadsScripts)
        {
            text.AppendLine("settings set target.load-script-from-symbol-file true");
        }

        // lldb wants a target before it takes modules.
        text.AppendLine(Kernel is null ? "target create --arch x86_64 \"\"" : $"target create {Quote(Kernel.File)}");
        if (Kernel?.SymbolFile is { } kernelSymbols)
        {
            text.AppendLine($"target symbols add --shlib {Quote(Kernel.File)} {Quote(kernelSymbols)}");
        }

        if (Kernel is { Slide: not 0 })
        {
            text.AppendLine($"target modules load --file {Quote(Kernel.File)} {Kernel.Place}");
        }

        foreach (var image in Images)
        {
            text.AppendLine($"target modules add {Quote(image.File)}");
            if (image.SymbolFile is { } symbols)
            {
                text.AppendLine($"target symbols add --shlib {Quote(image.File)} {Quote(symbols)}");
            }

            text.AppendLine($"target modules load --file {Quote(image.File)} {image.Place}");
        }

        text.AppendLine(Connect);
        if (RunTo is { } place)
        {
            text.AppendLine($"breakpoint set{(place.InHardware ? " --hardware" : "")} --one-shot true --name {Quote(place.Function)}");
            text.AppendLine("continue");
        }

        return text.ToString();
    }

    /// <summary>A word for lldb's command line.</summary>
    internal static string Quote(string word) => $"\"{word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

/// <summary>A function of the kernel's.</summary>
/// <param name="InHardware">By a register of the processor: the code need not be there yet.</param>
public sealed record RunTo(string Function, bool InHardware = false);

/// <summary>A file of the host's whose code is in the kernel's memory.</summary>
/// <param name="SymbolFile">Debug information that lies in a file of its own; null when the file has it.</param>
public abstract record DebuggedImage(string File, string? SymbolFile)
{
    /// <summary>As "target modules load" takes it.</summary>
    internal abstract string Place { get; }
}

/// <summary>An image whose sections lie where the kernel's loader put each of them: a Linux module.</summary>
public sealed record ScatteredImage(string File, IReadOnlyDictionary<string, ulong> Sections) : DebuggedImage(File, SymbolFile: null)
{
    internal override string Place =>
        string.Join(' ', Sections.Select(section => string.Create(CultureInfo.InvariantCulture, $"{LldbScript.Quote(section.Key)} 0x{section.Value:x}")));
}

/// <summary>An image that was moved as one piece: a kext.</summary>
/// <param name="Slide">How far it lies from the addresses in its file.</param>
public sealed record SlidImage(string File, string? SymbolFile, ulong Slide) : DebuggedImage(File, SymbolFile)
{
    internal override string Place => string.Create(CultureInfo.InvariantCulture, $"--slide 0x{Slide:x}");
}
