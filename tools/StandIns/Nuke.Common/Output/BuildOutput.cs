using Nuke.Common.Execution;

namespace Nuke.Common.Output;

/// <summary>What a run prints around its targets: their headings, the problems again, the table, the last line.</summary>
internal sealed class BuildOutput(ConsoleLines console, Host host, BuildLog log)
{
    public IDisposable Target(string name)
    {
        log.Target = name;
        host.BeginTarget(console, name);
        return new OpenTarget(() =>
        {
            host.EndTarget(console);
            log.Target = "";
        });
    }

    public void WriteSummary(IReadOnlyList<ExecutableTarget> plan, bool succeeded)
    {
        WriteProblems();
        WriteTable(plan);
        console.Write();
        if (succeeded)
        {
            console.Write($"Build succeeded on {DateTime.Now}.", LineColour.Success);
        }
        else
        {
            console.Write($"Build failed on {DateTime.Now}.", LineColour.Failure);
        }
    }

    private void WriteProblems()
    {
        var problems = log.Problems;
        if (problems.Count == 0)
        {
            return;
        }

        console.WriteBlock("Errors & Warnings");
        foreach (var (level, target, message) in problems)
        {
            console.Write($"[{level}] {target}: {message}", level == "WRN" ? LineColour.Caution : LineColour.Failure);
        }
    }

    private void WriteTable(IReadOnlyList<ExecutableTarget> plan)
    {
        const int StatusWidth = 10;
        const int DurationWidth = 10;
        var nameWidth = Math.Max(plan.Select(target => target.Name.Length).DefaultIfEmpty().Max() + 4, 19);
        var width = nameWidth + StatusWidth + DurationWidth;

        console.Write();
        console.Write(new string('═', width), LineColour.Faint);
        console.Write(Row("Target", "Status", "Duration"), LineColour.Heading);
        console.Write(new string('─', width), LineColour.Faint);
        foreach (var target in plan.Where(target => target.Status != ExecutionStatus.Collective))
        {
            var hasRun = target.Status is ExecutionStatus.Succeeded or ExecutionStatus.Failed or ExecutionStatus.Aborted;
            var row = Row(target.Name, target.Status.ToString(), hasRun ? Duration(target.Duration) : "");
            console.Write(target.Note is null ? row : $"{row}   // {target.Note}", ColourOf(target.Status));
        }

        console.Write(new string('─', width), LineColour.Faint);
        console.Write(Row("Total", "", Duration(plan.Aggregate(TimeSpan.Zero, (sum, target) => sum + target.Duration))), LineColour.Heading);
        console.Write(new string('═', width), LineColour.Faint);

        string Row(string name, string status, string duration)
            => name.PadRight(nameWidth) + status.PadRight(StatusWidth) + duration.PadLeft(DurationWidth);
    }

    private static string Duration(TimeSpan duration)
        => duration < TimeSpan.FromSeconds(1) ? "< 1sec" : $"{(int)duration.TotalMinutes}:{duration:ss}";

    private static LineColour ColourOf(ExecutionStatus status) => status switch
    {
        ExecutionStatus.Succeeded => LineColour.Success,
        ExecutionStatus.Failed => LineColour.Failure,
        ExecutionStatus.Skipped => LineColour.Faint,
        _ => LineColour.Caution,
    };

    private sealed class OpenTarget(Action close) : IDisposable
    {
        public void Dispose() => close();
    }
}
