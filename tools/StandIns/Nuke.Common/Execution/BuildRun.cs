using System.Text;
using Nuke.Common.Output;
using Nuke.Common.Parameters;
using Serilog;

namespace Nuke.Common.Execution;

/// <summary>One run of a build, from its parameters to its last line.</summary>
internal static class BuildRun
{
    private const int Failure = -1;

    public static int Execute(NukeBuild build, Func<IReadOnlyCollection<Target>> defaults)
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var console = new ConsoleLines();
        using var log = new BuildLog(console, NukeBuild.Host, NukeBuild.Verbosity, NukeBuild.TemporaryDirectory);
        Log.Logger = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(log).CreateLogger();
        var output = new BuildOutput(console, NukeBuild.Host, log);
        IReadOnlyList<ExecutableTarget>? plan = null;
        TargetRunner? runner = null;
        ConsoleCancelEventHandler onInterrupt = (_, _) =>
        {
            runner?.RunAssured();
            Finish();
        };

        try
        {
            ReadParameters(build);
            var targets = TargetDiscovery.Discover(build, defaults());
            if (!build.NoLogo)
            {
                console.Write("NUKE, the stand-in for version 10.1.0", LineColour.Heading);
                console.Write();
            }

            var sources = ParameterSources.OfProcess;
            plan = ExecutionPlan.Create(targets, (string[]?)sources.Find(ParameterSources.InvokedTargets, typeof(string[]), '+'));
            build.Follow(plan);
            if (build.Plan || build.Help || plan.Count == 0)
            {
                console.Write(build.Plan ? string.Join('\n', plan.Select(target => target.Name)) : HelpText.Of(build.GetType(), targets));
                plan = null;
                return 0;
            }

            build.OnBuildInitialized();
            var attempt = new PreviousAttempt(NukeBuild.TemporaryDirectory, sources.CommandLine.All, build.Continue);
            runner = new TargetRunner(build, plan, output, attempt);
            Console.CancelKeyPress += onInterrupt;
            runner.Run(build.SkippedNames);
            return build.ExitCode ??= build.IsSucceeding ? 0 : Failure;
        }
        catch (TargetFailedException)
        {
            return build.ExitCode ??= Failure;
        }
#pragma warning disable CA1031 // The last place where an exception can become a message.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.Verbose(exception, "Target-unrelated exception was thrown");
            console.Write(exception.Message, LineColour.Failure);
            return build.ExitCode ??= Failure;
        }
        finally
        {
            Finish();
            Console.CancelKeyPress -= onInterrupt;
            Log.CloseAndFlush();
        }

        void Finish()
        {
            if (plan is null)
            {
                return;
            }

            foreach (var target in plan)
            {
                target.Stopwatch.Stop();
                target.Status = target.Status switch
                {
                    ExecutionStatus.Running => ExecutionStatus.Aborted,
                    ExecutionStatus.Scheduled => ExecutionStatus.NotRun,
                    var status => status,
                };
            }

            output.WriteSummary(plan, build.IsSucceeding);
            build.OnBuildFinished();
        }
    }

    private static void ReadParameters(NukeBuild build)
    {
        var parameters = ParameterMember.AllOf(build.GetType());
        var sources = ParameterSources.OfProcess;
        var profiles = (string[]?)sources.Find("Profile", typeof(string[])) ?? [];
        sources.Files = ParameterFiles.Read(NukeBuild.RootDirectory, profiles, parameters);
        foreach (var parameter in parameters.Where(parameter => parameter.Name is not (ParameterSources.InvokedTargets or "Root" or "Host")))
        {
            parameter.Inject(build);
        }
    }
}
