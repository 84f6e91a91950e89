using System.Linq.Expressions;
using System.Reflection;
using Nuke.Common.Output;
using Nuke.Common.Parameters;
using Serilog;

namespace Nuke.Common.Execution;

/// <summary>Runs the scheduled targets of a plan one after the other.</summary>
internal sealed class TargetRunner(NukeBuild build, IReadOnlyList<ExecutableTarget> plan, BuildOutput output, PreviousAttempt attempt)
{
    private readonly Lock _assuring = new();

    /// <param name="skippedNames">Null to skip nothing; empty to skip everything that the user has not named.</param>
    /// <exception cref="TargetFailedException">A target failed and the following ones could not run.</exception>
    public void Run(IReadOnlyCollection<string>? skippedNames)
    {
        if (skippedNames is not null)
        {
            foreach (var target in plan.Where(target => skippedNames.Count == 0 || skippedNames.Any(name => Names.AreSame(name, target.Name))))
            {
                Skip(target, "Skipped: via parameter");
            }
        }

        foreach (var target in plan)
        {
            Violates(target, target.StaticConditions);
        }

        foreach (var target in plan.Where(target => target.Status == ExecutionStatus.Scheduled))
        {
            CheckRequirements(target);
        }

        try
        {
            foreach (var target in plan)
            {
                Run(target, afterFailure: false);
            }
        }
        catch (TargetFailedException)
        {
            RunAssured();
            throw;
        }
    }

    /// <summary>Runs the targets that must run even after a failure or an interruption.</summary>
    public void RunAssured()
    {
        // A failure and an interruption may come at the same time; each target still runs once.
        lock (_assuring)
        {
            foreach (var target in plan.Where(target => target is { AssuredAfterFailure: true, Status: ExecutionStatus.Scheduled }))
            {
                Run(target, afterFailure: true);
            }
        }
    }

    private void Run(ExecutableTarget target, bool afterFailure)
    {
        if (target.Status == ExecutionStatus.Skipped || attempt.HasSucceeded(target.Name) || Violates(target, target.DynamicConditions))
        {
            target.Status = ExecutionStatus.Skipped;
            return;
        }

        if (target.Actions.Count == 0)
        {
            target.Status = ExecutionStatus.Collective;
            return;
        }

        using (output.Target(target.Name))
        {
            target.Status = ExecutionStatus.Running;
            target.Stopwatch.Start();
            try
            {
                target.Actions.ForEach(action => action());
                target.Stopwatch.Stop();
                target.Status = ExecutionStatus.Succeeded;
                build.OnTargetSucceeded(target.Name);
                attempt.Record(target.Name);
            }
#pragma warning disable CA1031 // Whatever a target throws is that target's failure.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                target.Stopwatch.Stop();
                target.Note ??= $"{exception.GetType().Name}: {exception.Message.Split('\n')[0].TrimEnd()}";
                Log.Error(exception, "Target {TargetName} has thrown an exception", target.Name);
                target.Status = ExecutionStatus.Failed;
                build.OnTargetFailed(target.Name);
                if (!target.ProceedAfterFailure && !afterFailure)
                {
                    throw new TargetFailedException(target.Name, exception);
                }
            }
        }
    }

    private bool Violates(ExecutableTarget target, IEnumerable<TargetCondition> conditions)
    {
        var violated = conditions.Where(condition => !condition.Holds()).Select(condition => condition.Text).ToList();
        if (violated.Count > 0)
        {
            target.OnlyWhenViolated = true;
            target.Note = $"OnlyWhen: {string.Join(" && ", violated)}";
            Skip(target, target.Note);
        }

        return target.OnlyWhenViolated;
    }

    private void Skip(ExecutableTarget target, string note)
    {
        // What the user named is only passed over when its turn comes: its dependencies still run.
        if (target.Invoked || target.Status != ExecutionStatus.Scheduled)
        {
            return;
        }

        target.Status = ExecutionStatus.Skipped;
        target.Note ??= note;
        if (target.DependencyBehavior == DependencyBehavior.Execute)
        {
            return;
        }

        foreach (var other in target.ExecutionDependencies.Concat(target.Triggers).Where(other => !IsNeeded(other)))
        {
            Skip(other, $"Skipped: because of {target.Name}");
        }
    }

    private bool IsNeeded(ExecutableTarget target) => plan
        .Where(other => other.Status == ExecutionStatus.Scheduled)
        .Any(other => other.ExecutionDependencies.Contains(target) || other.Triggers.Contains(target));

    private static void CheckRequirements(ExecutableTarget target)
    {
        foreach (var requirement in target.Requirements)
        {
            if (requirement is Expression<Func<bool>> condition)
            {
                Assert.True(condition.Compile()(), $"Target '{target.Name}' requires '{requirement.Body}'");
                continue;
            }

            var member = NamedMember.MemberOf(requirement);
            var value = NamedMember.Evaluate(requirement);
            Assert.True(
                value is string text ? !string.IsNullOrWhiteSpace(text) : value is not null,
                $"Target '{target.Name}' requires member '{member.GetCustomAttribute<ParameterAttribute>()?.Name ?? member.Name}' to be not null or empty");
        }
    }
}
