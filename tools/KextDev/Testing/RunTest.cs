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
    private const int MostFigures = 200;

    private readonly Queue<string> _output = new();
    private readonly List<Figure> _figures = [];
    private readonly List<CaseResult> _cases = [];

    /// <exception cref="OperationCanceledException">The run was cancelled. What the kernel or the test does is never an exception.</exception>
    public async Task<TestResult> RunAsync(PlannedTest test, CancellationToken cancellationToken)
    {
        journal.Publish(new TestStarted(test.Name, test.TimeLimit));
        var start = clock.GetTimestamp();
        var trial = new Trial(bench, clock);
        var (verdict, failure) = await trial.RunAsync(test.Name, test.TimeLimit, limited => DecideAsync(test, trial, limited), cancellationToken);
        var result = new TestResult(test.Name, verdict, clock.GetElapsedTime(start))
        {
            Failure = failure,
            Figures = _figures,
            Cases = _cases,
            LastOutput = verdict == Verdict.Passed ? [] : [.. _output],
            KernelLog = verdict switch
            {
                Verdict.Failed or Verdict.TimedOut => [.. trial.Mark is { } mark ? await trial.ReadLogAsync(mark, cancellationToken) : [], .. bench.Log?.RecentOf(test.Name) ?? []],
                Verdict.Panicked => bench.Watch.CrashReport,
                _ => [],
            },
        };
        journal.Publish(new TestEnded(result));
        return result;
    }

    private static string Mark(PlannedTest test) => $"kextdev: test {test.Name}";

    private async Task<Outcome> DecideAsync(PlannedTest test, Trial trial, CancellationToken cancellationToken)
    {
        var prepared = test.Extension == ExtensionState.Loaded
            ? await bench.Slot.LoadAsync(test.Variant, cancellationToken)
            : await bench.Slot.UnloadAsync(cancellationToken);
        if (!prepared.Accepted)
        {
            return Outcome.Failed(prepared.Message);
        }

        trial.Mark = Mark(test);
        if (test.Extension == ExtensionState.Loaded)
        {
            return await StreamAsync(test, cancellationToken);
        }

        bench.Slot.Forget(test.Variant);
        var outcome = await StreamAsync(test, cancellationToken);
        var leftovers = await bench.Slot.ReadLeftoversAsync(cancellationToken);
        return leftovers.Count == 0 || outcome.Verdict != Verdict.Passed ? outcome : Outcome.Failed(string.Join('\n', leftovers));
    }

    private async Task<Outcome> StreamAsync(PlannedTest test, CancellationToken cancellationToken)
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
                case Resumed resumed:
                    journal.Publish(new NoteGiven($"{test.Name} ran on while its SSH connection was lost ({resumed.Loss.How.TrimEnd('.')}), and its output is read on over a new one."));
                    break;
                case Exited exited:
                    exitCode = exited.ExitCode;
                    break;
            }
        }

        var result = reader.Complete();
        return (result.Passed, exitCode) switch
        {
            (true, 0) => Outcome.Passed,
            (true, _) => Outcome.Failed($"{test.Name} reported success and then ended with exit code {exitCode}."),
            _ => Outcome.Failed(result.Failure),
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
            case KtapFigure figure when _figures.Count < MostFigures:
                _figures.Add(new Figure(figure.Name, figure.Value));
                break;
            case KtapProgress progress:
                journal.Publish(new TestProgressed(test.Name, progress.Done, progress.Total));
                break;
        }
    }
}
