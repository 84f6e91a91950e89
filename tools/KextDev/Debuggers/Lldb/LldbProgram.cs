using KextDev.Hosts;
using KextDev.Processes;

namespace KextDev.Debuggers.Lldb;

/// <summary>The host's lldb.</summary>
public static class LldbProgram
{
    /// <summary>What a host needs for a session that is no Mac.</summary>
    public static IReadOnlyList<HostNeed> Needs { get; } =
    [
        new("lldb-19", "is the debugger", Names),
        new("binutils", "gives the kernel the symbols that the guest tells", "objcopy"),
        new("lz4", "unpacks the guest's kernel", "lz4"),
        new("xz-utils", "unpacks the guest's kernel", "xz"),
        new("zstd", "unpacks the guest's kernel", "zstd"),
    ];

    // lldb-14 cannot be installed on Debian 12; any later one will do. On a Mac it is just lldb.
    private static string Names => string.Join('|', ["lldb-19", .. Enumerable.Range(15, 10).Select(version => $"lldb-{version}"), "lldb"]);

    /// <summary>A session; the user's own settings (~/.lldbinit) apply as always.</summary>
    /// <param name="script">A file of commands with which it begins.</param>
    /// <param name="commands">The user's file of commands, run next; null for none.</param>
    /// <param name="batch">Ends after the commands, at the first one that fails.</param>
    public static HostCommand Session(string script, string? commands, bool batch) =>
        new(
            Names.Split('|').FirstOrDefault(name => ProgramPath.Find(name) is not null) ?? "lldb",
            [
                .. batch ? ["--batch"] : Array.Empty<string>(),
                // Our own commands are not echoed, the user's are.
                "--one-line", $"command source --silent-run true {LldbScript.Quote(script)}",
                .. commands is null ? Array.Empty<string>() : ["--source", commands],
            ]);
}
