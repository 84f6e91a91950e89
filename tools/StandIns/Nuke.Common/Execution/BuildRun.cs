using System.Text;
using Nuke.Common.Output;
using Nuke.Common.Parameters;
using Serilog;

namespace Nuke.Common.Execution;

/// <summary>One run of a build, from its parameters to its last line.</summary>
internal sealed class BuildRun : IDisposable
{
    private const int Failure = -1;

    private readonly Lock _finishing = new();
    private readonly NukeBuild _build;
    private readonly ConsoleLines _console = new();
    private readonly BuildLog _log;
    private readonly BuildOutput _output;
    private IReadOnlyList<ExecutableTarget> _plan = [];
    private TargetRunner? _runner;
    private bool _finished;

    private BuildRun(NukeBuild build)
    {
        _build = build;
        _log = new BuildLog(_console, NukeBuild.Host, NukeBuild.Verbosity, NukeBuild.TemporaryDirectory);
        _output = new BuildOutput(_console, NukeBuild.Host, _log);
        Log.Logger = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(_log).CreateLogger();
    }

    public static int Execute<T>(Func<T> create, Func<T, IReadOnlyCollection<Target>> defaults)
        where T : NukeBuild
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        BuildRun? run = null;
        // Before the build class exists: a handler that it registers comes after this one, as with the published package.
        Console.CancelKeyPress += (_, _) => run?.Interrupt();
        var build = create();
        using (run = new BuildRun(build))
        {
            return run.Execute(() => defaults(build));
        }
    }

    public void Dispose()
    {
        Log.CloseAndFlush();
        _log.Dispose();
    }

    private int Execute(Func<IReadOnlyCollection<Target>> defaults)
    {
        try
        {
            ReadParameters();
            var targets = TargetDiscovery.Discover(_build, defaults());
            if (!_build.NoLogo)
            {
                _console.Write("NUKE, the stand-in for version 10.1.0", LineColour.Heading);
                _console.Write();
            }

            var arguments = ParameterSources.OfProcess;
            var plan = ExecutionPlan.Create(targets, (string[]?)arguments.Find(ParameterSources.InvokedTargets, typeof(string[]), '+'));
            if (_build.Plan || _build.Help || plan.Count == 0)
            {
                _console.Write(_build.Plan ? string.Join('\n', plan.Select(target => target.Name)) : HelpText.Of(_build.GetType(), targets));
                return 0;
            }

            _plan = plan;
            _build.Follow(plan);
            _build.OnBuildInitialized();
            var attempt = new PreviousAttempt(NukeBuild.TemporaryDirectory, arguments.CommandLine.All, _build.Continue);
            _runner = new TargetRunner(_build, plan, _output, attempt);
            _runner.Run(_build.SkippedNames);
        }
        catch (TargetFailedException)
        {
            _build.ExitCode ??= Failure;
        }
#pragma warning disable CA1031 // The last place where an exception can become a message.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.Verbose(exception, "Target-unrelated exception was thrown");
            _console.Write(exception.Message, LineColour.Failure);
            _build.ExitCode ??= Failure;
        }

        Finish();
        return _build.ExitCode ??= _build.IsSucceeding ? 0 : Failure;
    }

    /// <summary>The target that runs is not told: it listens by itself or not at all. The process ends when this returns.</summary>
    private void Interrupt()
    {
        _runner?.RunAssured();
        Finish();
    }

    /// <summary>Once, by whichever comes first: the end of the last target or the user's interruption.</summary>
    private void Finish()
    {
        lock (_finishing)
        {
            if (_finished || _plan.Count == 0)
            {
                return;
            }

            _finished = true;
            foreach (var target in _plan)
            {
                target.Stopwatch.Stop();
                target.Status = target.Status switch
                {
                    ExecutionStatus.Running => ExecutionStatus.Aborted,
                    ExecutionStatus.Scheduled => ExecutionStatus.NotRun,
                    var status => status,
                };
            }

            _output.WriteSummary(_plan, _build.IsSucceeding);
            _build.OnBuildFinished();
        }
    }

    private void ReadParameters()
    {
        var parameters = ParameterMember.AllOf(_build.GetType());
        var sources = ParameterSources.OfProcess;
        var profiles = (string[]?)sources.Find("Profile", typeof(string[])) ?? [];
        sources.Files = ParameterFiles.Read(NukeBuild.RootDirectory, profiles, parameters);
        foreach (var parameter in parameters.Where(parameter => parameter.Name is not (ParameterSources.InvokedTargets or "Root" or "Host")))
        {
            parameter.Inject(_build);
        }
    }
}
