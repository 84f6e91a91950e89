namespace Nuke.Common.Execution;

/// <summary>Which targets run, in which order.</summary>
internal static class ExecutionPlan
{
    /// <param name="all">Every target of the build.</param>
    /// <param name="invokedNames">What the user named; null for the defaults.</param>
    /// <exception cref="ArgumentException">A name is unknown, or targets depend on each other in a circle.</exception>
    public static IReadOnlyList<ExecutableTarget> Create(IReadOnlyList<ExecutableTarget> all, IReadOnlyCollection<string>? invokedNames)
    {
        var ordered = Sort(all);
        foreach (var name in invokedNames ?? [])
        {
            Find(name, all).Invoked = true;
        }

        var wanted = all.Where(target => invokedNames is null ? target.IsDefault : target.Invoked).ToHashSet();
        var pending = new Queue<ExecutableTarget>(wanted);
        while (pending.TryDequeue(out var target))
        {
            foreach (var other in target.ExecutionDependencies.Concat(target.Triggers).Where(wanted.Add))
            {
                pending.Enqueue(other);
            }
        }

        var plan = ordered.Where(wanted.Contains).ToList();
        plan.ForEach(target => target.Status = ExecutionStatus.Scheduled);
        return plan;
    }

    /// <summary>All targets, each after everything that comes before it; among equals the one declared last comes first.</summary>
    private static List<ExecutableTarget> Sort(IReadOnlyList<ExecutableTarget> all)
    {
        var remaining = all.ToList();
        var lastToFirst = new List<ExecutableTarget>(all.Count);
        while (remaining.Count > 0)
        {
            var next = remaining.Find(target => !remaining.Exists(other => other.Predecessors.Contains(target)));
            if (next is null)
            {
                Assert.Fail($"Circular dependencies between targets: {string.Join(", ", OnCircle(remaining).Select(target => target.Name))}");
            }

            remaining.Remove(next!);
            lastToFirst.Add(next!);
        }

        lastToFirst.Reverse();
        return lastToFirst;
    }

    /// <summary>Takes away what merely hangs below the circle.</summary>
    private static List<ExecutableTarget> OnCircle(List<ExecutableTarget> targets)
    {
        var circle = targets.ToList();
        while (circle.RemoveAll(target => !target.Predecessors.Any(circle.Contains)) > 0)
        {
        }

        return circle;
    }

    private static ExecutableTarget Find(string name, IReadOnlyList<ExecutableTarget> all)
    {
        var plain = name.Replace("-", "", StringComparison.Ordinal);
        var found = all.SingleOrDefault(target => target.Name.Equals(plain, StringComparison.OrdinalIgnoreCase));
        if (found is null)
        {
            var names = all.Select(target => $"  - {target.Name}").Order(StringComparer.Ordinal);
            Assert.Fail($"Target with name '{name}' does not exist. Available targets are:\n{string.Join('\n', names)}");
        }

        return found!;
    }
}
