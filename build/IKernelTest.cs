using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Reports;
using KextDev.Testing;
using Nuke.Common;
using Serilog;

internal interface IKernelTest : IKernelBuild
{
    [Parameter("Which plan of the manifest to run: quick (the default, a few seconds of stress), full, or soak with --duration. Typed as --plan.")]
    string? TestPlan => TryGetValue(() => TestPlan);

    [Parameter("The tests to run, by names or patterns such as 'ring_*', separated by spaces. Default: all of the plan.")]
    string[]? Tests => TryGetValue(() => Tests);

    [Parameter("How long the soak plan stresses the extension, such as 90s, 30m or 8h. Default: 10m.")]
    SoakDuration? Duration => TryGetValue(() => Duration);

    [Parameter("When the run does not pass, leaves its guest up and prints how to get in.")]
    bool KeepGuest => TryGetValue<bool?>(() => KeepGuest) ?? false;

    private static SoakDuration DefaultSoak => new(TimeSpan.FromMinutes(10));

    Target KernelTest => _ => _
        .Description("Builds the extension, boots a guest, loads the extension over SSH, stresses it, reports. A guest that VmUp keeps is used instead of a fresh one.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            var plan = TestPlan ?? KextDev.Projects.TestPlan.Quick;
            var length = plan == KextDev.Projects.TestPlan.Soak ? (Duration ?? DefaultSoak).Length : Duration?.Length;
            var tests = KextDev.Projects.TestPlan.Select(project, plan, Tests ?? [], length);
            var guest = FindTestGuest(project);

            // Only now: a wrong parameter leaves no empty folder.
            var folder = RunFolder.Create(State, project.Name, TimeProvider.System);
            var options = new KernelTestOptions
            {
                Project = project,
                Plan = plan,
                Tests = tests,
                Guest = guest,
                State = State,
                RunFolder = folder,
                KeepGuest = KeepGuest,
            };
            await using var journal = new RunJournal(TimeProvider.System, [.. RunReports.Kept(folder), .. RunReports.Shown(RunReports.Terminal())]);
            var result = await new KernelTestRun(options, journal, TimeProvider.System).RunAsync(token);
            Conclude(result, options.Tests.Count);
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
            var answer = await new LoadByHand(State, journal).RunAsync(project, FindTestGuest(project), token);
            Require(answer);
        }));

    Target KernelTestUnload => _ => _
        .Description("Unloads the extension from the guest of VmUp: five tries, a second apart.")
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            var definition = FindTestGuest(project);
            var guest = await FindKeptGuestAsync(definition, token);
            await using var journal = ConsoleJournal();
            var answer = await new UnloadByHand(journal, TimeProvider.System).RunAsync(project, definition.Platform, guest.Endpoint, token);
            Require(answer);
        }));

    // Testing the module where the kext was asked for would be a green that means nothing.
    private GuestDefinition FindTestGuest(Project project)
    {
        var guest = FindGuest(project);
        return !WantsDarwin ? guest : throw new TargetFailedException(
            $"The kext of {project.Name} was not tested: the guest {guest.Name} runs Linux, and none with macOS is defined. "
            + "Without --platform the Linux module is tested; ./build.sh KernelBuild --platform darwin builds the kext and checks whether it will load.");
    }

    private static void Require(KernelAnswer answer)
    {
        if (!answer.Accepted)
        {
            throw new TargetFailedException(answer.Message);
        }
    }

    sealed void Conclude(RunResult result, int planned)
    {
        if (result.Cancelled)
        {
            throw new OperationCanceledException();
        }

        var passed = result.Tests.Count(test => test.Verdict == Verdict.Passed);
        Log.Information("{Passed} passed, {Failed} failed", passed, planned - passed);
        if (result.Verdict != Verdict.Passed)
        {
            ExitCode = VerdictExitCode.Of(result.Verdict);
            throw new TargetFailedException($"The verdict is {result.Verdict}, exit code {ExitCode}");
        }
    }
}
