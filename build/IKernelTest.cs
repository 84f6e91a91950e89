using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Hosts;
using KextDev.Platforms;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Reports;
using KextDev.Testing;
using Nuke.Common;
using Serilog;
using Spectre.Console;

internal interface IKernelTest : IKernelBuild
{
    [Parameter("Which plan of the manifest to run: quick (the default, a few seconds of stress), full, or soak with --duration. Typed as --plan.")]
    string? TestPlan => TryGetValue(() => TestPlan);

    [Parameter("The tests to run, by names or patterns such as 'ring_*', separated by spaces or commas. Default: all of the plan.")]
    string[]? Tests => TryGetValue(() => Tests);

    [Parameter("How long the soak plan stresses the extension, such as 90s, 30m or 8h. Default: 10m.")]
    SoakDuration? Duration => TryGetValue(() => Duration);

    [Parameter("When the run does not pass, leaves its guest up and prints how to get in.")]
    bool KeepGuest => TryGetValue<bool?>(() => KeepGuest) ?? false;

    [Parameter("Tests the extension in guests whose kernel checks each use of memory. Darwin guests have that mode, Linux guests have none yet.")]
    bool Sanitize => TryGetValue<bool?>(() => Sanitize) ?? false;

    [Parameter("How often KernelTest tries a test again that did not pass. One that passes then is flaky: exit code 16. Default: 0.")]
    int? Retries => TryGetValue<int?>(() => Retries);

    [Parameter("How often KernelTest runs all its tests, one round after the other. Default: 1.")]
    int? Repeat => TryGetValue<int?>(() => Repeat);

    [Parameter("KernelTest runs its tests again and again until one does not pass; with --repeat, for so many rounds at most.")]
    bool UntilFailure => TryGetValue<bool?>(() => UntilFailure) ?? false;

    [Parameter("How often KernelTest loads and unloads the extension at its end, to find what it leaks; 0 for not at all, else 4 or more. Default: 12, in the plans full and soak 64; not at all with --tests.")]
    int? LeakCycles => TryGetValue<int?>(() => LeakCycles);

    [Parameter("KernelTest and KernelTestLoad load also a build that is known to have killed the kernel of this guest, which stays.")]
    bool Force => TryGetValue<bool?>(() => Force) ?? false;

    [Parameter("When a kernel dies or hangs in KernelTest, writes its guest's memory into the run's folder, below crash/, for crash(8).")]
    bool MemoryDump => TryGetValue<bool?>(() => MemoryDump) ?? false;

    [Parameter("When a kernel dies in KernelTest, opens the debugger on it, prints the backtrace with names, and at a terminal offers lldb before the guest is ended.")]
    bool DebugOnPanic => TryGetValue<bool?>(() => DebugOnPanic) ?? false;

    [Parameter("The least of the messages that KernelTest takes from the extension's log channel: trace, debug, info (the default), warning or error. The extension makes them then, too.")]
    MessageLevel? LogLevel => TryGetValue<MessageLevel?>(() => LogLevel);

    private static SoakDuration DefaultSoak => new(TimeSpan.FromMinutes(10));

    Target KernelTest => _ => _
        .Description("Builds the extension, boots a guest, loads the extension over SSH, stresses it, reports: the Linux module and the macOS kext, each in its guest. A guest that VmUp keeps is used instead of a fresh one.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            var plan = TestPlan ?? KextDev.Projects.TestPlan.Quick;
            var length = plan == KextDev.Projects.TestPlan.Soak ? (Duration ?? DefaultSoak).Length : Duration?.Length;
            var tests = KextDev.Projects.TestPlan.Select(project, plan, Tests ?? [], length);
            var repetition = ReadRepetition();
            var leakCycles = ReadLeakCycles(plan);
            var suites = TestSuite.Of(FindTestGuests(project), tests);

            // Only now: a wrong parameter leaves no empty folder.
            var folder = RunFolder.Create(State, project.Name, TimeProvider.System);
            await using var journal = new RunJournal(TimeProvider.System, [.. RunReports.Kept(folder), .. RunReports.Shown(RunReports.Terminal())]);
            var options = new KernelTestOptions
            {
                Project = project,
                Plan = plan,
                Suites = suites,
                State = State,
                RunFolder = folder,
                Command = TypedRun.Read(Environment.GetCommandLineArgs()[1..]),
                Repetition = repetition,
                LeakCycles = leakCycles,
                MemoryDump = MemoryDump,
                Force = Force,
                KeepGuest = KeepGuest,
                LogLevel = LogLevel ?? MessageLevel.Info,
                Witness = DebugOnPanic ? await WitnessAsync(project, suites[0].Guest, folder, journal, token) : null,
                AskSecret = AskSecret,
                Cold = Cold,
                Sdk = Sdk,
            };
            var result = await new KernelTestRun(options, journal, TimeProvider.System).RunAsync(token);
            Conclude(result, [.. suites.Select(suite => repetition.PlannedNames(suite.Tests).Count)]);
            if (journal.Loss is { } loss)
            {
                ExitCode = VerdictExitCode.Of(Verdict.Infrastructure);
                throw new TargetFailedException(loss);
            }
        }));

    Target KernelTestLoad => _ => _
        .Description("Builds the extension and loads it into the guest of VmUp, which is started where it does not run. Both stay.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            await using var journal = ConsoleJournal();
            foreach (var definition in FindGuestsOrFirst(project))
            {
                Require(await LoadAsync(project, definition, journal, token));
            }
        }));

    Target KernelTestUnload => _ => _
        .Description("Unloads the extension from the guest of VmUp: five tries, a second apart.")
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            await AcceptLocalAsync(project, token);
            await using var journal = ConsoleJournal();
            foreach (var definition in FindGuestsOrFirst(project))
            {
                var (_, endpoint) = await FindUpAsync([definition], token);
                Require(await new UnloadByHand(journal, TimeProvider.System).RunAsync(project, definition.Platform, endpoint, token));
            }
        }));

    private async Task<IPanicWitness> WitnessAsync(Project project, GuestDefinition guest, string folder, RunJournal journal, CancellationToken token)
    {
        await RequireAsync(HostNeed.Debugger, token);
        var options = new KernelDebugOptions { Project = project, Guest = guest, State = State, Folder = folder, AskSecret = AskSecret, Sdk = Sdk };
        return new PanicWitness(options, journal, OfferAsync);

        async Task OfferAsync(HostCommand debugger, CancellationToken cancellationToken)
        {
            if (!Console.IsInputRedirected && !Console.IsOutputRedirected && AnsiConsole.Confirm("The kernel is dead, and its guest still there. Open lldb on it?"))
            {
                await debugger.RunInForegroundAsync(cancellationToken);
            }
        }
    }

    private Repetition ReadRepetition()
    {
        if (Retries < 0 || Repeat < 1)
        {
            throw new TargetFailedException("Nothing was tested: --retries takes a number from 0 on, --repeat one from 1 on");
        }

        return new Repetition { Retries = Retries ?? 0, Rounds = Repeat ?? (UntilFailure ? null : 1), UntilFailure = UntilFailure };
    }

    private int ReadLeakCycles(string plan) => LeakCycles switch
    {
        null when Tests is { Length: > 0 } => 0,
        null => plan == KextDev.Projects.TestPlan.Quick ? 12 : 64,
        0 or >= FindLeaks.FewestCycles => LeakCycles.Value,
        _ => throw new TargetFailedException($"Nothing was tested: --leak-cycles takes 0 for no search for leaks, or a number from {FindLeaks.FewestCycles} on"),
    };

    private IReadOnlyList<GuestDefinition> FindTestGuests(Project project)
    {
        var guests = FindGuests(project);
        if (!Sanitize)
        {
            return guests;
        }

        // A run without the checks that were asked for would be a green that means nothing.
        foreach (var guest in guests.Where(guest => guest.Platform != GuestPlatform.Darwin))
        {
            Log.Warning("The guest {Guest} is left out: with --sanitize a kernel must check each use of memory, and Linux guests have no such mode yet", guest.Name);
        }

        IReadOnlyList<GuestDefinition> sanitizing = [.. guests.Where(guest => guest.Platform == GuestPlatform.Darwin).Select(guest => guest with { Sanitize = true })];
        return sanitizing.Count > 0
            ? sanitizing
            : throw new TargetFailedException("Nothing was tested: no guest that is meant has a kernel with such checks. Leave --sanitize out, or test the kext: --platform darwin");
    }

    private async Task<KernelAnswer> LoadAsync(Project project, GuestDefinition definition, RunJournal journal, CancellationToken token)
    {
        try
        {
            return await new LoadByHand(Site, Sdk, Force, journal).RunAsync(project, definition, token);
        }
        catch (KnownCrashException exception)
        {
            ExitCode = VerdictExitCode.Of(Verdict.Refused);
            throw new TargetFailedException(exception.Message);
        }
    }

    private static void Require(KernelAnswer answer)
    {
        if (!answer.Accepted)
        {
            throw new TargetFailedException(answer.Message);
        }
    }

    /// <param name="planned">How many tests were to run on each guest.</param>
    sealed void Conclude(RunResult result, IReadOnlyList<int> planned)
    {
        if (result.Cancelled)
        {
            throw new OperationCanceledException();
        }

        var failed = planned.Zip(result.Suites, Failed).Sum();
        var flaky = result.Suites.Sum(suite => suite.Tests.Count(test => test.Verdict == Verdict.Flaky));
        Log.Information("{Passed} passed, {Failed} failed{Flaky}", result.Passed, failed, flaky > 0 ? $", {flaky} flaky" : "");
        if (result.Verdict != Verdict.Passed)
        {
            ExitCode = VerdictExitCode.Of(result.Verdict);
            throw new TargetFailedException($"The verdict is {result.Verdict}, exit code {ExitCode}");
        }
    }

    // A failed run never says that nothing failed: what is no test, such as the unload, counts where all tests passed.
    private static int Failed(int planned, SuiteResult result)
    {
        var notPassed = Math.Max(planned, result.Tests.Count) - result.Tests.Count(test => test.Verdict is Verdict.Passed or Verdict.Flaky);
        return notPassed == 0 && result.Failure is not null ? 1 : notPassed;
    }
}
