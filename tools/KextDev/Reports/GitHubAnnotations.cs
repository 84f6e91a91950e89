using System.Text.RegularExpressions;
using KextDev.Events;

namespace KextDev.Reports;

/// <summary>
/// Makes compilers' errors and warnings annotations of GitHub's: workflow commands on standard output, beside the compiler's own lines.
/// </summary>
/// <param name="workspace">The checkout's folder on the runner: GitHub knows files by their paths in it. Null where it is not told.</param>
public sealed partial class GitHubAnnotations(TextWriter output, string? workspace) : IRunReport
{
    /// <summary>For this process; null where it does not run on GitHub.</summary>
    public static GitHubAnnotations? OfRunner(TextWriter output) => Environment.GetEnvironmentVariable("GITHUB_ACTIONS") == "true"
        ? new GitHubAnnotations(output, Environment.GetEnvironmentVariable("GITHUB_WORKSPACE"))
        : null;

    public void Receive(RunEvent runEvent)
    {
        if (runEvent is CompilerPrinted { Line: var line } && Of(line) is { } annotation)
        {
            output.WriteLine(annotation);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>"::error file=F,line=L,col=C::MESSAGE"; null for a line that is no error and no warning.</summary>
    internal string? Of(string line)
    {
        if (Diagnostic().Match(line) is not { Success: true } match)
        {
            return null;
        }

        var severity = match.Groups["severity"].Value == "warning" ? "warning" : "error";
        var places = new[] { ("file", InWorkspace(match.Groups["file"].Value)), ("line", match.Groups["line"].Value), ("col", match.Groups["column"].Value) }
            .Where(place => place.Item2.Length > 0)
            .Select(place => $"{place.Item1}={Escape(place.Item2).Replace(":", "%3A", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal)}");
        return $"::{severity} {string.Join(',', places)}::{Escape(match.Groups["message"].Value)}";
    }

    private string InWorkspace(string file) =>
        workspace is not null && file.StartsWith(Path.TrimEndingDirectorySeparator(workspace) + "/", StringComparison.Ordinal)
            ? Path.GetRelativePath(workspace, file)
            : file;

    private static string Escape(string text) =>
        text.Replace("%", "%25", StringComparison.Ordinal).Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);

    // "file:3:5: error: message"; linkers know a file alone.
    [GeneratedRegex(
        @"\A(?<file>[^:\s][^:]*):((?<line>[0-9]+):((?<column>[0-9]+):)?)? (fatal )?(?<severity>error|warning): (?<message>.+)\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Diagnostic();
}
