using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Toolchains;

namespace KextDev.Testing;

/// <summary>
/// The pipeline: build, acquire guest, connect, deploy, load, deploy the tests, stress, unload, find leaks, collect, report.
/// A guest that dies under a test ends with that test; the tests that remain go on in a fresh one.
/// </summary>
public sealed class SuiteRun(KernelTestOptions options, TestSuite suite, RunJournal journal, TimeProvider clock)
{
    // A kernel that hangs as soon as it has the extension must not hold up the run; a slow line must not end it.
    private static readonly TimeSpan CopyLimit = TimeSpan.FromMinutes(5);

    private readonly TestSchedule _schedule = new(suite.Tests, options.Repetition);
    private readonly List<(Verdict Verdict, string Message)> _failures = [];
    private readonly string _folder = Path.Combine(options.RunFolder, suite.Guest.Name);
    private CollectLog? _log;
    private bool _stays;

    private string ConsoleLog => Path.Combine(_folder, "console.log");

    /// <summary>The results; those until then, when it is cancelled.</summary>
    public async Task<SuiteResult> RunAsync(CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        try
        {
            Directory.CreateDirectory(_folder);
            using var log = new CollectLog(options, suite.Guest.Platform, _folder, ConsoleLog, journal, clock);
            _log = log;
            await RunStepsAsync(log, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run says so.
        }
        catch (BuildFailedException exception)
        {
            _failures.Add((Verdict.Failed, exception.Message));
        }
        catch (KnownCrashException exception)
        {
            _failures.Add((Verdict.Refused, exception.Message));
        }
        catch (Exception exception) when (exception is InfrastructureException or IOException or UnauthorizedAccessException)
        {
            _failures.Add((Verdict.Infrastructure, exception.Message));
        }

        _schedule.End();
        var verdict = RunResult.Gravest(_schedule.Results.Select(test => test.Verdict).Concat(_failures.Select(failure => failure.Verdict)));
        return new SuiteResult(suite.Guest.Name, verdict, _schedule.Results, clock.GetElapsedTime(start))
        {
            Failure = _failures.Count == 0 ? null : string.Join('\n', _failures.Select(failure => failure.Message)),
            Log = _log?.Counts,
        };
    }

    private async Task RunStepsAsync(CollectLog log, CancellationToken cancellationToken)
    {
        var site = new GuestSite(options.State, sentence => journal.Publish(new NoteGiven(sentence))) { AskSecret = options.AskSecret, Cold = options.Cold };
        BuiltExtension? built = null;
        while (_schedule.Next is { } next)
        {
            var guest = GuestFactory.Create(suite.Guest, site);
            built ??= await journal.StageAsync(Stage.Build, () => BuildAsync(guest, cancellationToken));
            if (!await RunOnGuestAsync(guest, built, log, next.Variant, cancellationToken))
            {
                break;
            }
        }
    }

    private Task<BuiltExtension> BuildAsync(IGuest guest, CancellationToken cancellationToken) =>
        new BuildExtension(options.State, options.Sdk, journal)
            .RunAsync(options.Project, suite.Tests.Select(test => test.Variant), suite.Guest, guest, cancellationToken);

    /// <param name="variant">Of the first test's.</param>
    /// <returns>False when a further guest would be of no use.</returns>
    private async Task<bool> RunOnGuestAsync(IGuest guest, BuiltExtension built, CollectLog log, string variant, CancellationToken cancellationToken)
    {
        var evidence = new TakeEvidence(suite.Guest, options, built, journal);
        await using var bench = await TestBench.OpenAsync(guest, suite.Guest.Platform, built, evidence, ConsoleLog, journal, cancellationToken);
        var before = _failures.Count;

        Require(bench, built);
        StayUp(bench);

        await MeetAsync(bench, built, variant, cancellationToken);

        // The variant is loaded as a step of its own, so that a refusal is told as what it is, and where it lies is asked later: this load is waited for most.
        if (!await TryAsync(bench, Stage.Load, "Loading", options.LoadLimit, token => bench.Slot.LoadAsync(variant, token), cancellationToken)
            || !await TryAsync(bench, Stage.DeployTests, "Copying the tests of", CopyLimit, token => DeployTestsAsync(bench, built, variant, token), cancellationToken))
        {
            await AttendAsync(bench, cancellationToken);
            Remember(bench, built);
            KeepIfAsked(bench);
            return false;
        }

        await log.StartAsync(bench, cancellationToken);
        var loss = await journal.StageAsync(
            Stage.Stress, () => new StressExtension(journal, clock).RunAsync(bench, _schedule, cancellationToken));
        var survived = loss is null;
        if (survived)
        {
            bench.Slot.Forget();
            survived = await TryAsync(bench, Stage.Unload, "Unloading", options.LoadLimit, token => new UnloadExtension(clock).RunAsync(bench.Slot, token), cancellationToken);
            await CollectLog.EndAsync(bench, survived ? null : _failures[^1].Verdict);
            _failures.AddRange(bench.Slot.Leftovers.Select(left => (Verdict.Failed, left)));
            survived = survived && await FindLeaksAsync(bench, variant, cancellationToken);
        }

        await CollectLog.EndAsync(bench, loss);
        log.Merge(bench, await CollectAsync(bench, loss ?? (survived ? null : _failures[^1].Verdict), cancellationToken));
        await AttendAsync(bench, cancellationToken);
        Remember(bench, built);
        if (_failures.Count > before || _schedule.Results.Any(test => test.Verdict != Verdict.Passed))
        {
            KeepIfAsked(bench);
        }

        // One that lives on is joined again where only the connection was lost.
        if (loss is Verdict.Panicked or Verdict.Hung && bench.Outlives && _schedule.Next is not null)
        {
            return await RestartAsync(bench.Guest, cancellationToken);
        }

        if (!options.KeepGuest || survived)
        {
            return true;
        }

        if (_schedule.Next is not null)
        {
            journal.Publish(new NoteGiven(
                $"Not run: {string.Join(", ", _schedule.LeftNames)}: with --keep-guest guest {bench.Guest.Name} is left as it is, and none is started in its place. Run them without, or choose them with --tests."));
        }

        return false;
    }

    // One that was up before this run stays up, also where this run had to start it anew.
    private void StayUp(TestBench bench)
    {
        _stays |= bench.Outlives;
        if (_stays && !bench.Outlives)
        {
            bench.Outlives = true;
            (bench.Guest as IKeepable)?.Keep();
        }
    }

    private async Task<bool> RestartAsync(IGuest guest, CancellationToken cancellationToken)
    {
        var obstacle = guest is IRestartable restartable ? restartable.RestartObstacle : "Its driver cannot restart it.";
        if (obstacle is null)
        {
            journal.Publish(new NoteGiven($"Guest {guest.Name} was up before this run and its kernel is lost: it is restarted."));
            await guest.StopAsync(cancellationToken);
            return true;
        }

        _failures.Add((Verdict.Infrastructure, $"Not run: {string.Join(", ", _schedule.LeftNames)}: guest {guest.Name} died or hangs, and was not started by this run. {obstacle}"));
        return false;
    }

    // What killed a guest that stays is not done to it again unasked; in this run it was.
    private void Require(TestBench bench, BuiltExtension built)
    {
        if (!options.Force && !_stays && bench.Outlives)
        {
            new KnownCrashes(options.State, suite.Guest.Name).Require(built.Images.Values.Select(image => image.Identity));
        }
    }

    private void Remember(TestBench bench, BuiltExtension built)
    {
        // A module is known to its kernel by underscores.
        if (bench.Outlives && bench.Watch.Crash is { Module: { } culprit } crash && culprit.Replace('-', '_') == bench.Slot.Extension.Name.Replace('-', '_')
            && bench.Slot.Latest is { } variant && built.Images[variant].Identity is { } identity)
        {
            new KnownCrashes(options.State, suite.Guest.Name).Remember(bench.Slot.Extension.Name, identity, crash, options.RunFolder, clock.GetUtcNow());
        }
    }

    // Of the variant that people load. What the system itself said to be left behind needs no search.
    private async Task<bool> FindLeaksAsync(TestBench bench, string variant, CancellationToken cancellationToken)
    {
        if (options.LeakCycles == 0 || bench.Slot.Leftovers.Count > 0)
        {
            return true;
        }

        var cycled = bench.Files.Extensions.ContainsKey(options.Project.DefaultVariant) ? options.Project.DefaultVariant : variant;
        var find = new FindLeaks(options.LeakCycles, clock);
        return await TryAsync(
            bench, Stage.Leaks, "Loading and unloading", (2 * options.LoadLimit) + (options.LeakCycles * FindLeaks.CycleLimit), token => find.RunAsync(bench, cycled, _folder, token), cancellationToken);
    }

    // A kernel may also die of what the extension left behind, while it tells what it knows: that, too, is asked of it as a trial.
    private async Task<string?> CollectAsync(TestBench bench, Verdict? loss, CancellationToken cancellationToken)
    {
        string? kernelLog = null;
        if (loss is null or Verdict.Failed or Verdict.TimedOut)
        {
            await TryAsync(bench, Stage.Collect, "Collecting the logs of", CollectEvidence.Limit * 2, ReadAsync, cancellationToken);
        }

        return kernelLog;

        async Task<KernelAnswer> ReadAsync(CancellationToken token)
        {
            kernelLog = await new CollectEvidence(journal).RunAsync(bench, _folder, token);
            return KernelAnswer.Yes;
        }
    }

    private Task MeetAsync(TestBench bench, BuiltExtension built, string variant, CancellationToken cancellationToken) =>
        options.Witness?.MeetAsync(
            new WitnessedGuest(suite.Guest, bench.Guest, bench.Shell, bench.Platform, built.Images[variant], bench.Files.Extensions[variant]), cancellationToken)
        ?? Task.CompletedTask;

    private Task AttendAsync(TestBench bench, CancellationToken cancellationToken) =>
        bench.Watch.Died.IsCancellationRequested && options.Witness is { } witness ? witness.AttendAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>A step that the kernel may refuse, and may die of.</summary>
    private async Task<bool> TryAsync(
        TestBench bench, Stage stage, string doing, TimeSpan limit, Func<CancellationToken, Task<KernelAnswer>> step, CancellationToken cancellationToken)
    {
        var trial = new Trial(bench, clock);
        var outcome = await journal.StageAsync(
            stage,
            () => trial.RunAsync(
                $"{doing} {bench.Slot.Extension.Name}",
                limit,
                async token =>
                {
                    // What a quiet kernel warns of then is heard. To the first load, which is waited for most, no time is added.
                    if (stage is Stage.Unload or Stage.Leaks)
                    {
                        trial.Mark = $"kextdev: {stage}";
                        await bench.Shell.RunAsync(bench.Platform.MarkCommand(trial.Mark), token);
                    }

                    return await step(token) is { Accepted: false } answer ? Outcome.Failed(answer.Message) : Outcome.Passed;
                },
                cancellationToken),
            outcome => outcome.Failure);
        if (outcome.Verdict != Verdict.Passed)
        {
            _failures.Add((outcome.Verdict, outcome.Failure!));
        }

        return outcome.Verdict == Verdict.Passed;
    }

    // Those of the tests that are run, and what the project has beside its tests.
    private async Task<KernelAnswer> DeployTestsAsync(TestBench bench, BuiltExtension built, string variant, CancellationToken cancellationToken)
    {
        bench.Slot.Loaded = LearnAsync;
        await LearnAsync(variant, cancellationToken);
        var names = suite.Tests.Select(test => test.Program).Concat(options.Project.Programs.Others.Keys).ToHashSet(StringComparer.Ordinal);
        await DeployPrograms.RunAsync(bench.Shell, built.Programs.Where(program => names.Contains(program.Name)), bench.Files, cancellationToken);
        return KernelAnswer.Yes;

        async Task LearnAsync(string loaded, CancellationToken token)
        {
            await bench.Evidence.LearnAsync(bench.Platform, bench.Files.Extensions[loaded], token);
            await MeetAsync(bench, built, loaded, token);
        }
    }

    private void KeepIfAsked(TestBench bench)
    {
        if (options.KeepGuest && bench.Guest is IKeepable { Joined: false } keepable)
        {
            keepable.Keep();
            journal.Publish(new NoteGiven($"Guest {bench.Guest.Name} is left up: ./build.sh VmShell --guest {suite.Guest.Name} gets in, ./build.sh VmDown --guest {suite.Guest.Name} ends it."));
        }
    }
}
