using KextDev.Guests;
using KextDev.Projects;

namespace KextDev.Debugging;

/// <summary>What to debug, and how the session begins.</summary>
public sealed record KernelDebugOptions
{
    public required Project Project { get; init; }

    public required GuestDefinition Guest { get; init; }

    public required StateFolder State { get; init; }

    /// <summary>Where the session's own files go: an empty folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Asks for a secret at a terminal; null where nobody sits.</summary>
    public Func<string, string?>? AskSecret { get; init; }

    /// <summary>Apple's headers for a kext; null for the host's own, or those that the project names.</summary>
    public string? Sdk { get; init; }

    public BreakIn Break { get; init; }

    /// <summary>How lldb reaches the kernel; null to choose by what the guest offers.</summary>
    public DebugTransport? Transport { get; init; }

    /// <summary>Apple's Kernel Debug Kit for a macOS guest's kernel: a folder; "none" for a session without the kernel's symbols; null for one that is installed here.</summary>
    public string? Kit { get; init; }

    /// <summary>A file of lldb commands to run when the session is ready; null for none.</summary>
    public string? Commands { get; init; }

    /// <summary>Ends the session after the commands.</summary>
    public bool Batch { get; init; }
}

/// <summary>When the kernel stops for the debugger.</summary>
public enum BreakIn
{
    /// <summary>At once, wherever it is.</summary>
    Now,

    /// <summary>When it panics: until then it runs.</summary>
    Panic,

    /// <summary>At its next start, for which it is restarted now.</summary>
    Boot,
}
