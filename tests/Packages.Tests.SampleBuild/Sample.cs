using System.Runtime.InteropServices;
using Nuke.Common;
using Serilog;

namespace Packages.Tests.SampleBuild;

/// <summary>Uses each part of Nuke that KextDev's own build uses, in the smallest way that shows what it does.</summary>
internal sealed class Sample : NukeBuild, ISampleComponent
{
    [Parameter("How often Greet greets. This sentence is long enough that the help has to break it over more than one line")]
    private readonly int times = 1;

    [Parameter("Whether Careful may run")]
    private bool Brave { get; set; }

    [Parameter("Colours to paint in", Separator = ",")]
    private readonly string[] colours = ["grey"];

    [Parameter("Not for everyone", List = false)]
    private string? Hidden { get; set; }

    public static int Main() => Execute<Sample>(build => build.Greet);

    private Target Prepare => _ => _
        .Executes(() => Log.Information("Preparing"));

    private Target Greet => _ => _
        .Description("Says hello")
        .DependsOn(Prepare)
        .Executes(() =>
        {
            for (var index = 0; index < times; index++)
            {
                Log.Information("Hello {Whom} in {Colours}{Hidden}", ((ISampleComponent)this).Whom ?? "you", string.Join('+', colours), Hidden);
            }
        });

    private Target Careful => _ => _
        .DependsOn(Prepare)
        .OnlyWhenStatic(() => Brave)
        .Executes(() => Log.Information("Being careful"));

    private Target NeedsCareful => _ => _
        .DependsOn(Careful)
        .Executes(() => Log.Information("Was careful"));

    private Target Late => _ => _
        .After(Greet)
        .OnlyWhenDynamic(() => Brave)
        .Executes(() => Log.Information("Being late"));

    private Target Fails => _ => _
        .DependsOn(Prepare)
        .Triggers(Triggered)
        .Executes(() => Assert.Fail("It broke\nas planned"));

    private Target Triggered => _ => _
        .Executes(() => Log.Information("Triggered"));

    private Target FailsSoftly => _ => _
        .ProceedAfterFailure()
        .Before(Greet)
        .Executes(() => throw new InvalidOperationException("Soft failure"));

    private Target CleansUp => _ => _
        .AssuredAfterFailure()
        .After(Fails, Waits)
        .Executes(() => Log.Information("Cleaned up"));

    private Target ExitsWithSeven => _ => _
        .Executes(() =>
        {
            ExitCode = 7;
            Assert.Fail("Seven");
        });

    private Target Warns => _ => _
        .Executes(() =>
        {
            Log.Debug("A detail");
            Log.Warning("A warning");
        });

    private Target NeedsHidden => _ => _
        .Requires(() => Hidden)
        .Executes(() => Log.Information("Got it"));

    private Target All => _ => _
        .DependsOn(Greet)
        .DependsOn<ISampleComponent>(component => component.ComponentTarget);

    private Target First => _ => _
        .DependentFor(Second)
        .Executes(() => Log.Information("First"));

    private Target Second => _ => _
        .OnlyWhenStatic(() => Brave)
        .WhenSkipped(DependencyBehavior.Execute)
        .Executes(() => Log.Information("Second"));

    private Target FollowsSecond => _ => _
        .TriggeredBy(Second)
        .TryDependsOn<ISampleComponent>(component => component.ComponentTarget)
        .TryDependsOn<IDisposable>(_ => Fails)
        .Executes(() => Log.Information("Third"));

    private Target Waits => _ => _
        .Unlisted()
        .Executes(async () =>
        {
            Log.Information("Waiting");
            await Task.Delay(Timeout.InfiniteTimeSpan);
        });

    private Target CleansUpByItself => _ => _
        .Unlisted()
        .Executes(async () =>
        {
            using var interruption = new CancellationTokenSource();
            var cleanedUp = new TaskCompletionSource();
            using var registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ =>
            {
                interruption.Cancel();
                cleanedUp.Task.Wait();
            });
            Log.Information("Waiting");
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, interruption.Token);
            }
            finally
            {
                Log.Information("Cleaned up by itself");
                cleanedUp.SetResult();
            }
        });

    private Target ShowsPlaces => _ => _
        .Executes(() => Log.Information("{Root} {Temporary}", RootDirectory, TemporaryDirectory.Name));

    protected override void OnBuildFinished() => Log.Information("Finished with {Count} finished targets", FinishedTargets.Count);
}
