#nullable disable // As published.

using System.Linq.Expressions;
using Nuke.Common.Execution;
using Nuke.Common.IO;

namespace Nuke.Common;

/// <summary>A build, as the component interfaces see it: their targets are default members.</summary>
public interface INukeBuild
{
    IReadOnlyCollection<ExecutableTarget> InvokedTargets { get; }

    IReadOnlyCollection<ExecutableTarget> ScheduledTargets { get; }

    IReadOnlyCollection<ExecutableTarget> FinishedTargets { get; }

    bool IsSucceeding { get; }

    /// <summary>The process's exit code where set; otherwise 0 or -1.</summary>
    int? ExitCode { get; set; }

    AbsolutePath RootDirectory { get; }

    AbsolutePath TemporaryDirectory { get; }

    Verbosity Verbosity { get; }

    Host Host { get; }

    bool IsLocalBuild { get; }

    bool IsServerBuild { get; }

    /// <summary>The value of a parameter of a component interface: `[Parameter] string Guest => TryGetValue(() => Guest);`.</summary>
    T TryGetValue<T>(Expression<Func<T>> parameterExpression) where T : class;

    /// <summary>The same for values that are no classes: `int? Count => TryGetValue&lt;int?&gt;(() => Count);`.</summary>
    T TryGetValue<T>(Expression<Func<object>> parameterExpression);
}
