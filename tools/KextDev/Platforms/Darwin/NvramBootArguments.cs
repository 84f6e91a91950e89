using System.Text.RegularExpressions;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>The boot-args in a Mac's nvram: what its kernel is told at the next start.</summary>
public sealed partial class NvramBootArguments(GuestShell shell)
{
    private const string Variable = "boot-args";

    /// <summary>As nvram prints them: bytes that cannot be printed stand there as %xx. Null where the variable does not exist.</summary>
    /// <exception cref="InfrastructureException">nvram gave no answer that is known.</exception>
    public async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        var answer = await shell.RunAsync($"nvram {Variable}", cancellationToken);
        return Parse(answer)
            ?? (answer.ExitCode != 0 && answer.Error.Contains("data was not found", StringComparison.Ordinal)
                ? null
                : throw new InfrastructureException($"The guest's boot-args are not known: 'nvram {Variable}' answered: {CommandWords.Of(answer)}."));
    }

    /// <param name="arguments">As <see cref="ReadAsync"/> returns them; null removes the variable.</param>
    public async Task<KernelAnswer> WriteAsync(string? arguments, CancellationToken cancellationToken)
    {
        var command = arguments is null ? $"nvram -d {Variable}" : $"nvram {ShellWord.Quote($"{Variable}={Escape(arguments)}")}";
        var answer = await shell.RunAsync(command, cancellationToken);
        if (answer.ExitCode != 0)
        {
            return KernelAnswer.No(
                $"The guest's boot-args were not changed: {CommandWords.Of(answer)}."
                + (answer.Error.Contains("not permitted", StringComparison.Ordinal)
                    ? " System Integrity Protection keeps them. Restart the guest into Recovery (hold Command-R while it starts), open Utilities, Terminal, type csrutil disable, restart, and try again."
                    : ""));
        }

        var now = await ReadAsync(cancellationToken);
        return now == arguments
            ? KernelAnswer.Yes
            : KernelAnswer.No($"The guest's boot-args are not what was written: nvram shows {(now is null ? "none" : $"'{now}'")} after '{command}'.");
    }

    // "boot-args", a tab, the value.
    internal static string? Parse(ShellResult answer) =>
        answer.ExitCode == 0 && answer.Output.StartsWith(Variable + "\t", StringComparison.Ordinal) ? answer.Output[(Variable.Length + 1)..].TrimEnd('\r', '\n') : null;

    // nvram takes %xx for any byte, and prints it only for those that cannot be printed: any other % is itself.
    internal static string Escape(string printed) => Percent().Replace(printed, "%25");

    [GeneratedRegex("%(?!([01][0-9a-f]|7f|[89a-f][0-9a-f]))", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Percent();
}
