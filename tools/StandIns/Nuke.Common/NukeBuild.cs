#nullable disable // As published.

using System.Linq.Expressions;
using Nuke.Common.CI;
using Nuke.Common.Execution;
using Nuke.Common.IO;
using Nuke.Common.Parameters;

namespace Nuke.Common;

/// <summary>
/// The base of a build class: targets are its properties of type <see cref="Target"/>, parameters its members with
/// <see cref="ParameterAttribute"/>; both may come from component interfaces.
/// </summary>
public abstract class NukeBuild : INukeBuild
{
    private IReadOnlyList<ExecutableTarget> _plan = [];

    static NukeBuild()
    {
        RootDirectory = RootFolder.Find(ParameterSources.OfProcess);
        TemporaryDirectory = (RootDirectory / ".nuke" / "temp").CreateDirectory();
        Verbosity = (Verbosity?)ParameterSources.OfProcess.Find(nameof(Verbosity), typeof(Verbosity?)) ?? Verbosity.Normal;
        Host = (Host)ParameterSources.OfProcess.Find(nameof(Host), typeof(Host)) ?? Host.Detect();
    }

    [Parameter("Root directory during build execution.", Name = "Root")]
    public static AbsolutePath RootDirectory { get; }

    /// <summary>`.nuke/temp` in the root directory.</summary>
    public static AbsolutePath TemporaryDirectory { get; }

    [Parameter("Logging verbosity during build execution: Quiet, Minimal, Normal or Verbose. Default is 'Normal'.")]
    public static Verbosity Verbosity { get; set; }

    [Parameter("Host for execution: Terminal or GitHubActions. Default is 'automatic'.")]
    public static Host Host { get; set; }

    public static bool IsLocalBuild => !IsServerBuild;

    public static bool IsServerBuild => Host is IBuildServer;

    [Parameter("List of targets to be invoked. Default is '{default_target}'.", Name = ParameterSources.InvokedTargets, Separator = "+")]
    public IReadOnlyCollection<ExecutableTarget> InvokedTargets => [.. _plan.Where(target => target.Invoked)];

    public IReadOnlyCollection<ExecutableTarget> ScheduledTargets => With(ExecutionStatus.Scheduled);

    /// <summary>Those that failed, then those that succeeded.</summary>
    public IReadOnlyCollection<ExecutableTarget> FinishedTargets
        => [.. With(ExecutionStatus.Failed), .. With(ExecutionStatus.Succeeded)];

    public bool IsSucceeding => _plan.All(target =>
        target.Status is ExecutionStatus.Succeeded or ExecutionStatus.Skipped or ExecutionStatus.Collective);

    public int? ExitCode { get; set; }

    AbsolutePath INukeBuild.RootDirectory => RootDirectory;

    AbsolutePath INukeBuild.TemporaryDirectory => TemporaryDirectory;

    Verbosity INukeBuild.Verbosity => Verbosity;

    Host INukeBuild.Host => Host;

    bool INukeBuild.IsLocalBuild => IsLocalBuild;

    bool INukeBuild.IsServerBuild => IsServerBuild;

    [Parameter("List of targets to be skipped. Empty list skips all dependencies.", Name = "Skip", Separator = "+")]
    internal string[] SkippedNames { get; private set; }

    [Parameter("Shows the execution plan.")]
    internal bool Plan { get; private set; }

    [Parameter("Shows the help text for this build assembly.")]
    internal bool Help { get; private set; }

    [Parameter("Disables displaying the NUKE logo.")]
    internal bool NoLogo { get; private set; }

    [Parameter("Indicates to continue a previously failed build attempt.")]
    internal bool Continue { get; private set; }

    [Parameter("Defines the profiles to load.", Name = "Profile")]
    internal string[] Profiles { get; private set; }

    T INukeBuild.TryGetValue<T>(Expression<Func<T>> parameterExpression) => (T)ValueOf(parameterExpression);

    T INukeBuild.TryGetValue<T>(Expression<Func<object>> parameterExpression) => (T)ValueOf(parameterExpression);

    /// <summary>Called after parameters have their values and the plan is made, before the first target.</summary>
    protected internal virtual void OnBuildInitialized()
    {
    }

    protected internal virtual void OnBuildFinished()
    {
    }

    protected internal virtual void OnTargetSucceeded(string target)
    {
    }

    protected internal virtual void OnTargetFailed(string target)
    {
    }

    /// <summary>Runs the targets that the command line names, or the default ones.</summary>
    /// <returns>The process's exit code: 0, -1, or <see cref="ExitCode"/> where set.</returns>
    protected static int Execute<T>(params Expression<Func<T, Target>>[] defaultTargetExpressions)
        where T : NukeBuild, new()
    {
        return BuildRun.Execute(
            () => new T(),
            build => [.. defaultTargetExpressions.Select(expression => expression.Compile(preferInterpretation: true)(build))]);
    }

    internal void Follow(IReadOnlyList<ExecutableTarget> executionPlan) => _plan = executionPlan;

    private static object ValueOf(LambdaExpression expression)
    {
        var member = NamedMember.MemberOf(expression);
        return ParameterMember.Of(member).Attribute.TryGetValue(member, NamedMember.InstanceOf(expression));
    }

    private List<ExecutableTarget> With(ExecutionStatus status) => [.. _plan.Where(target => target.Status == status)];
}
