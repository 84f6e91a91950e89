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
        Command(batch, script, commands is null ? [] : ["--source", commands]);

    /// <summary>What each processor was doing, as lldb prints it: a line a frame, innermost first.</summary>
    /// <exception cref="InfrastructureException">lldb found no thread there, in its own words.</exception>
    public static async Task<IReadOnlyList<string>> BacktraceAsync(string script, CancellationToken cancellationToken)
    {
        var answer = await Command(batch: true, script, ["--one-line", "thread backtrace all"]).TryRunAsync(cancellationToken);
        var lines = answer.Output.Split('\n').SkipWhile(line => !line.StartsWith("* thread #", StringComparison.Ordinal)).Where(line => line.Length > 0).ToList();
        return lines.Count > 0
            ? lines
            : throw new InfrastructureException($"lldb shows no backtrace: {(answer.Error + answer.Output).Trim()}. Look at the commands that it was given: {script}.");
    }

    // Our own commands are not echoed, the user's are.
    private static HostCommand Command(bool batch, string script, IReadOnlyList<string> rest) =>
        new(
            HostNeed.Lldb.Sign.Split('|').FirstOrDefault(name => ProgramPath.Find(name) is not null) ?? "lldb",
            [.. batch ? ["--batch"] : Array.Empty<string>(), "--one-line", $"command source --silent-run true {LldbScript.Quote(script)}", .. rest]);
}
