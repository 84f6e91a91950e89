using Nuke.Common.Output;

namespace Nuke.Common.CI.GitHubActions;

/// <summary>GitHub's runner: targets fold, warnings and errors become annotations.</summary>
public class GitHubActions : Host, IBuildServer
{
    internal GitHubActions()
    {
    }

    internal static bool IsRunning => Environment.GetEnvironmentVariable("GITHUB_ACTIONS") is not null;

    internal override void BeginTarget(ConsoleLines console, string name) => console.Write($"::group::{name}");

    internal override void EndTarget(ConsoleLines console) => console.Write("::endgroup::");

    internal override void ReportWarning(ConsoleLines console, string text) => console.Write($"::warning::{Escape(text)}");

    internal override void ReportError(ConsoleLines console, string text) => console.Write($"::error::{Escape(text)}");

    /// <summary>A workflow command is one line.</summary>
    private static string Escape(string text) => text
        .Replace("%", "%25", StringComparison.Ordinal)
        .Replace("\r", "%0D", StringComparison.Ordinal)
        .Replace("\n", "%0A", StringComparison.Ordinal);
}
