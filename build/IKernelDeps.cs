using KextDev.Guests;
using KextDev.Hosts;
using KextDev.Toolchains.Darwin;
using Nuke.Common;
using Serilog;

internal interface IKernelDeps : IKextDevBuild
{
    [Parameter("KernelDeps takes the newest packages for the embedded guest, its kernel included; otherwise those of the first time stay.")]
    bool Refresh => TryGetValue<bool?>(() => Refresh) ?? false;

    [Parameter("What KernelBuild builds, and KernelDeps prepares for: linux (what the guest needs: the default where the project has it), darwin (the macOS kext) or all.")]
    BuildPlatform? Platform => TryGetValue<BuildPlatform?>(() => Platform);

    sealed bool WantsLinux => Platform is BuildPlatform.Linux or BuildPlatform.All || (Platform is null && LoadProject().Linux is not null);

    sealed bool WantsDarwin => Platform is BuildPlatform.Darwin or BuildPlatform.All || !WantsLinux;

    Target KernelDeps => _ => _
        .Description("Makes this machine ready: installs missing packages where it may, or names them; fetches what the guest is made of. Changes nothing when nothing is missing.")
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            if (WantsDarwin)
            {
                await RequireAsync(KextToolchains.Needs, token);
            }

            if (WantsLinux)
            {
                await RequireAsync(HostNeed.Kernel, token);
                await using var guest = GuestFactory.Create(FindGuest(LoadProject()), Site);
                if (guest is IPreparable preparable)
                {
                    await preparable.PrepareAsync(Refresh, token);
                }
            }
        }));

    sealed async Task RequireAsync(IReadOnlyList<HostNeed> needs, CancellationToken cancellationToken) =>
        await new HostReadiness(needs, sentence => Log.Information("{Note}", sentence)).EnsureAsync(cancellationToken);
}
