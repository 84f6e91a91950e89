using KextDev.Guests;
using KextDev.Hosts;
using KextDev.Projects;
using KextDev.Toolchains.Darwin;
using Nuke.Common;
using Serilog;

internal interface IKernelDeps : IKextDevBuild
{
    [Parameter("KernelDeps takes the newest packages for the embedded guest, its kernel included; otherwise those of the first time stay.")]
    bool Refresh => TryGetValue<bool?>(() => Refresh) ?? false;

    Target KernelDeps => _ => _
        .Description("Makes this machine ready: installs missing packages where it may, or names them; fetches what the guest is made of. Changes nothing when nothing is missing.")
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            if (FindPlatforms(project).Contains(GuestPlatform.Darwin))
            {
                await RequireAsync(KextToolchains.Needs, token);
            }

            await RequireAsync(HostNeed.Kernel, token);
            foreach (var definition in FindGuests(project))
            {
                await using var guest = GuestFactory.Create(definition, Site);
                if (guest is IPreparable preparable)
                {
                    await preparable.PrepareAsync(Refresh, token);
                }
            }
        }));

    sealed async Task RequireAsync(IReadOnlyList<HostNeed> needs, CancellationToken cancellationToken) =>
        await new HostReadiness(needs, sentence => Log.Information("{Note}", sentence)).EnsureAsync(cancellationToken);
}
