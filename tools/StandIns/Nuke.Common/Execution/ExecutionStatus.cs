namespace Nuke.Common.Execution;

public enum ExecutionStatus
{
    None,
    Scheduled,
    NotRun,
    Skipped,
    Succeeded,
    Failed,
    Running,

    /// <summary>It was running when the user pressed Ctrl-C.</summary>
    Aborted,

    /// <summary>It has no body: it only gathers its dependencies.</summary>
    Collective,
}
