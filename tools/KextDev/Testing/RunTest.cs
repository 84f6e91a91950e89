using System.Globalization;
using KextDev.Events;
using KextDev.Ktap;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>Runs one test program in the guest and decides what came of it.</summary>
public sealed class RunTest(TestBench bench, RunJournal journal, TimeProvider clock)
{
    private const int LastLines = 20;

    // How long a dying guest gets to say so before a lost connection is called one.
    private static readonly TimeSpan DeathPatience = TimeSpan.FromSeconds(3);

    // A kernel that does not run one command in so long is not merely slow.
    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(10);

    private readonly Queue<string> _output = new();
    private readonly List<Figure> _figures = [];
    private readonly List<CaseResult> _cases = [];

    /// <exception cref="OperationCanceledException">The run was cancelled. What the kernel or the test does is never an exception.</exception>
    public async Task<TestResult> RunAsync(PlannedTest test, CancellationToken cancellationToken)
    {
        journal.Publish(new TestStarted(test.Name, test.TimeLimit));
        var start = clock.GetTimestamp();
        var (verdict, failure) = await DecideAsync(test, cancellationToken);
        var result = new TestResult(test.Name, verdict, clock.GetElapsedTime(start))
        {
            Failure = failure,
            Figures = _figures,
            Cases = _cases,
            LastOutput = verdict == Verdict.Passed ? [] : [.. _output],
            KernelLog = verdict is Verdict.Failed or Verdict.TimedOut ? await ReadLogAsync(test, cancellationToken) : [],
        };
        journal.Publish(new TestEnded(result));
        return result;
    }

    private static string Mark(PlannedTest test) => $"kextdev: test {test.Name}";

    private async Task<(Verdict Verdict, string? Failure)> DecideAsync(PlannedTest test, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(test.TimeLimit, clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token, bench.Watch.Died);
        try
        {
            var prepared = test.Extension == ExtensionState.Loaded
                ? await bench.Slot.LoadAsync(test.Variant, ends.Token)
                : await bench.Slot.UnloadAsync(ends.Token);
            if (!prepared.Accepted)
            {
                return (Verdict.Failed, prepared.Message);
            }

            if (test.Extension == ExtensionState.Unloaded)
            {
                bench.Slot.Forget();
            }

            var decided = await StreamAsync(test, ends.Token);

            // A program may end well on a kernel that died under it: a panic never passes.
            return bench.Watch.Died.IsCancellationRequested ? await AfterLossAsync("", cancellationToken) : decided;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return limit.IsCancellationRequested
                ? await AfterTimeLimitAsync(test, cancellationToken)
                : await AfterLossAsync("", cancellationToken);
        }
        catch (ConnectionLostException exception)
        {
            return await AfterLossAsync(exception.Message, cancellationToken);
        }
    }

    private async Task<(Verdict Verdict, string? Failure)> StreamAsync(PlannedTest test, CancellationToken cancellationToken)
    {
        var reader = new KtapReader();
        int? exitCode = null;
        await foreach (var told in bench.Shell.StreamAsync(Command(test), cancellationToken))
        {
            switch (told)
            {
                case OutputLine line:
                    Keep(test, line.Text);
                    foreach (var item in reader.Feed(line.Text))
                    {
                        Take(test, item);
                    }

                    break;
                case ErrorLine line:
                    Keep(test, line.Text);
                    break;
                case Exited exited:
                    exitCode = exited.ExitCode;
                    break;
            }
        }

        var result = reader.Complete();
        return (result.Passed, exitCode) switch
        {
            (true, 0) => (Verdict.Passed, null),
            (true, _) => (Verdict.Failed, $"{test.Name} reported success and then ended with exit code {exitCode}."),
            _ => (Verdict.Failed, result.Failure),
        };
    }

    // One command line: the mark in the kernel's log, the test's environment, and exec, so that ending the command ends the test.
    private string Command(PlannedTest test)
    {
        var extension = bench.Files.Extensions[test.Variant];
        IEnumerable<string> words =
        [
            "exec", "env",
            $"KEXTDEV_LOAD={bench.Platform.LoadCommand(extension)}",
            $"KEXTDEV_UNLOAD={bench.Platform.UnloadCommand(extension)}",
            $"KEXTDEV_MODULE={extension.Name}",
            bench.Files.Programs[test.Program],
            .. test.Arguments,
        ];
        return $"{bench.Platform.MarkCommand(Mark(test))}; {string.Join(' ', words.Select(ShellWord.Quote))}";
    }

    private void Keep(PlannedTest test, string line)
    {
        journal.Publish(new TestPrinted(test.Name, line));
        _output.Enqueue(line);
        if (_output.Count > LastLines)
        {
            _output.Dequeue();
        }
    }

    private void Take(PlannedTest test, KtapEvent item)
    {
        switch (item)
        {
            case KtapCase one:
                _cases.Add(new CaseResult(one.Name, one.Ok, one.Skipped, one.Reason));
                break;
            case KtapFigure figure:
                _figures.Add(new Figure(figure.Name, figure.Value));
                break;
            case KtapProgress progress:
                journal.Publish(new TestProgressed(test.Name, progress.Done, progress.Total));
                break;
        }
    }

    // A slow test and a dead kernel are different verdicts: the kernel is asked first.
    private async Task<(Verdict Verdict, string? Failure)> AfterTimeLimitAsync(PlannedTest test, CancellationToken cancellationToken)
    {
        var limit = test.TimeLimit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        using var ping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, bench.Watch.Died);
        ping.CancelAfter(PingLimit);
        try
        {
            await bench.Shell.RunAsync("true", ping.Token);
            return (Verdict.TimedOut, $"{test.Name} took longer than its limit of {limit} s; the kernel still answers.");
        }
        catch (Exception exception) when (exception is ConnectionLostException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await bench.Watch.DeathAsync(DeathPatience, cancellationToken) is { } death
                ? (Verdict.Panicked, death)
                : (Verdict.Hung, $"{test.Name} took longer than its limit of {limit} s, and the kernel did not answer a command within {PingLimit.TotalSeconds:0} s.");
        }
    }

    private async Task<(Verdict Verdict, string? Failure)> AfterLossAsync(string loss, CancellationToken cancellationToken) =>
        await bench.Watch.DeathAsync(DeathPatience, cancellationToken) is { } death
            ? (Verdict.Panicked, death)
            : (Verdict.ConnectionLost, loss);

    private async Task<IReadOnlyList<string>> ReadLogAsync(PlannedTest test, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, bench.Watch.Died);
        limit.CancelAfter(PingLimit);
        try
        {
            return await bench.Platform.ReadLogAsync(bench.Shell, Mark(test), limit.Token);
        }
        catch (Exception exception) when (exception is ConnectionLostException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return [$"(the kernel's log could not be read: {exception.Message})"];
        }
    }
}
