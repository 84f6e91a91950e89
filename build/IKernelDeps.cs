using KextDev.Hosts;
using Nuke.Common;
using Serilog;

internal interface IKernelDeps : IKextDevBuild
{
    Target KernelDeps => _ => _
        .Description("Makes this machine ready: names the missing packages and installs them where it may. Changes nothing when nothing is missing.")
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            await new HostReadiness(HostNeed.Debian, sentence => Log.Information("{Note}", sentence)).EnsureAsync(token);
        }));
}
