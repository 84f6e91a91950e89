using Nuke.Common.CI.GitHubActions;
using Nuke.Common.Output;

namespace Nuke.Common;

/// <summary>Where the build runs: a terminal or a build server, which each show a target in their own way.</summary>
[System.ComponentModel.TypeConverter(typeof(HostConverter))]
public abstract class Host
{
    private protected Host()
    {
    }

    /// <summary>The host that this process's environment tells.</summary>
    internal static Host Detect() => GitHubActions.IsRunning ? new GitHubActions() : new Terminal();

    internal virtual void BeginTarget(ConsoleLines console, string name)
    {
        console.WriteBlock(name);
    }

    internal virtual void EndTarget(ConsoleLines console)
    {
    }

    internal virtual void ReportWarning(ConsoleLines console, string text)
    {
    }

    internal virtual void ReportError(ConsoleLines console, string text)
    {
    }
}
