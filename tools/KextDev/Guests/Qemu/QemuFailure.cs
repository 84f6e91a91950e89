using KextDev.Processes;

namespace KextDev.Guests.Qemu;

/// <summary>The messages of guests that do not start.</summary>
internal static class QemuFailure
{
    /// <summary>Shown of a console; of a panic its whole report.</summary>
    private const int ConsoleLines = 40;

    /// <summary>QEMU refused to run the machine.</summary>
    public static QemuStartException OfStart(QemuCommandLine commandLine, CommandResult result)
    {
        // A QEMU that is told to become a daemon complains into its log.
        var error = result.Error + result.Output + Log(commandLine.Folder);
        if (error.Contains("host forwarding rule", StringComparison.Ordinal))
        {
            return new QemuStartException(
                $"The guest {commandLine.Folder.Name} was not started: "
                + (commandLine.Port != 0
                    ? $"port {commandLine.Port} of 127.0.0.1 is in use by another program. End that program, or set \"port\" to 0 in the guest's definition to take a free one."
                    : "no port of 127.0.0.1 is free, other programs have them all. End some of them (ss -tlnp lists them), or let the system give out more: sysctl net.ipv4.ip_local_port_range."));
        }

        if (error.Contains("failed to execute", StringComparison.Ordinal) && error.Contains(QemuCommandLine.Program, StringComparison.Ordinal))
        {
            return new QemuStartException(
                $"The guest {commandLine.Folder.Name} was not started: {QemuCommandLine.Program} is not installed. "
                + "Run ./build.sh KernelDeps, which installs it or names the command that does.");
        }

        return new QemuStartException(
            $"The guest {commandLine.Folder.Name} was not started: QEMU ended with exit code {result.ExitCode}."
            + Section("It says", error) + Section("The command was", commandLine.ToCommand().ToString()));
    }

    /// <summary>The machine runs, or ran, and nobody answered.</summary>
    /// <param name="what">What became of it, as the rest of a sentence: "did not answer within 60 s".</param>
    /// <param name="tried">What was waited for, and what came instead.</param>
    public static InfrastructureException OfGuest(QemuMachine machine, string what, string tried, string wayOut)
    {
        var lines = LastLines(machine.Console);
        return new InfrastructureException(
            $"The guest {machine.Folder.Name} {what}. {tried}"
            + Section("Last lines of its console", lines.Count > 0 ? string.Join('\n', lines) : "(it printed nothing)")
            + Section("QEMU says", Log(machine.Folder))
            + $"\n  {wayOut}\n  The whole console: {machine.State.ConsoleFile}");
    }

    // A panic's first line says why, and the stack below it may be longer than what is shown of other ends.
    private static List<string> LastLines(ConsoleLog console)
    {
        var lines = console.LastLines(int.MaxValue).ToList();
        var panic = lines.FindIndex(line => line.Contains("Kernel panic", StringComparison.Ordinal));
        var shown = panic < 0 ? ConsoleLines : Math.Max(ConsoleLines, lines.Count - panic);
        return [.. lines.TakeLast(shown)];
    }

    private static string Log(QemuFolder folder) => File.Exists(folder.LogFile) ? File.ReadAllText(folder.LogFile) : "";

    private static string Section(string name, string text) =>
        text.Trim() is { Length: > 0 } content ? $"\n  {name}:\n    {content.ReplaceLineEndings("\n    ")}" : "";
}
