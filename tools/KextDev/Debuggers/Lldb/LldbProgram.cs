using KextDev.Hosts;
using KextDev.Processes;

namespace KextDev.Debuggers.Lldb;

/// <summary>The host's lldb.</summary>
public static class LldbProgram
{
    /// <summary>Whether it has the command kdp-remote: Apple's does.</summary>
    public static bool SpeaksKdp => OperatingSystem.IsMacOS();

    /// <summary>A session; the user's own settings (~/.lldbinit) apply as always.</summary>
    /// <param name="script">A file of commands with which it begins.</param>
    /// <param name="commands">The user's file of commands, run next; null for none.</param>
    /// <param name="batch">Ends after the commands, at the first one that fails.</param>
    public static HostCommand Session(string script, string? commands, bool batch) =>
        new(
            HostNeed.Lldb.Sign.Split('|').FirstOrDefault(name => ProgramPath.Find(name) is not null) ?? "lldb",
            [
                .. batch ? ["--batch"] : Array.Empty<string>(),
                // Our own commands are not echoed, the user's are.
                "--one-line", $"command source --silent-run true {LldbScript.Quote(script)}",
                .. commands is null ? Array.Empty<string>() : ["--source", commands],
            ]);
}
