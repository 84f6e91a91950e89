using System.Diagnostics;
using System.Linq.Expressions;

namespace Nuke.Common.Execution;

/// <summary>A target of a build: its definition, resolved, and what became of it in this run.</summary>
public class ExecutableTarget
{
    internal ExecutableTarget(string name, Target factory)
    {
        Name = name;
        Factory = factory;
    }

    public string Name { get; set; }

    public ExecutionStatus Status { get; set; }

    public TimeSpan Duration => Stopwatch.Elapsed;

    internal Target Factory { get; }

    internal string? Description { get; set; }

    internal bool Listed { get; set; } = true;

    internal bool IsDefault { get; set; }

    internal bool Invoked { get; set; }

    internal bool AssuredAfterFailure { get; set; }

    internal bool ProceedAfterFailure { get; set; }

    internal DependencyBehavior DependencyBehavior { get; set; } = DependencyBehavior.Skip;

    internal List<Action> Actions { get; } = [];

    internal List<TargetCondition> StaticConditions { get; } = [];

    internal List<TargetCondition> DynamicConditions { get; } = [];

    internal List<LambdaExpression> Requirements { get; } = [];

    internal List<ExecutableTarget> ExecutionDependencies { get; } = [];

    internal List<ExecutableTarget> OrderDependencies { get; } = [];

    internal List<ExecutableTarget> TriggerDependencies { get; } = [];

    internal List<ExecutableTarget> Triggers { get; } = [];

    internal IEnumerable<ExecutableTarget> Predecessors => [.. ExecutionDependencies, .. OrderDependencies, .. TriggerDependencies];

    internal Stopwatch Stopwatch { get; } = new();

    internal bool OnlyWhenViolated { get; set; }

    /// <summary>What stands after the target's row in the table: why it failed or was skipped.</summary>
    internal string? Note { get; set; }
}

/// <summary>A condition and its source text, which is shown where it is false.</summary>
internal sealed record TargetCondition(string Text, Func<bool> Holds);
