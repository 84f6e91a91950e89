using KextDev.Events;
using KextDev.Guests;
using KextDev.Projects;
using KextDev.Testing;
using KextDev.Toolchains.Darwin;
using Nuke.Common;
using Serilog;

internal interface IKernelBuild : IKextTargets
{
    Target KernelBuild => _ => _
        .Description("Builds the extension in every variant: for the guest's kernel with the programs that test it, or by --platform darwin the macOS kext, which is then checked.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            await using var journal = ConsoleJournal();
            if (WantsLinux)
            {
                await BuildModulesAsync(project, journal, token);
            }

            if (WantsDarwin)
            {
                var variants = project.RequireDarwin().Variants.Keys.ToList();
                await BuildKextsAsync(project, Variant is null ? variants : [Variant], Configuration ?? BuildConfiguration.Debug, journal, token);
            }
        }));

    private async Task BuildModulesAsync(Project project, RunJournal journal, CancellationToken cancellationToken)
    {
        await using var guest = GuestFactory.Create(FindGuest(project), Site);
        IEnumerable<string> variants = Variant is null ? project.RequireLinux().Variants.Keys : [Variant];
        var built = await new BuildExtension(State, journal).RunAsync(project, variants, guest, cancellationToken);
        foreach (var module in built.Modules.Values)
        {
            Log.Information("{Path} ({Variant}, for {Release})", module.Path, module.Variant, module.Release);
        }
    }
}
