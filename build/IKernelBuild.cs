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
        .Description("Builds the extension in every variant: the Linux module for the guest's kernel with the programs that test it, and the macOS kext, which is then checked.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            await using var journal = ConsoleJournal();
            var platforms = FindPlatforms(project);
            if (platforms.Contains(GuestPlatform.Linux))
            {
                await BuildModulesAsync(project, journal, token);
            }

            if (platforms.Contains(GuestPlatform.Darwin))
            {
                var variants = project.RequireDarwin().Variants.Keys.ToList();
                await BuildKextsAsync(project, Variant is null ? variants : [Variant], Configuration ?? BuildConfiguration.Debug, journal, token);
            }
        }));

    private async Task BuildModulesAsync(Project project, RunJournal journal, CancellationToken cancellationToken)
    {
        var definition = FindGuests(project).First(guest => guest.Platform == GuestPlatform.Linux);
        await using var guest = GuestFactory.Create(definition, Site);
        IEnumerable<string> variants = Variant is null ? project.RequireLinux().Variants.Keys : [Variant];
        var built = await new BuildExtension(State, Sdk, journal).RunAsync(project, variants, definition, guest, cancellationToken);
        foreach (var module in built.Images.Values.OfType<BuiltModule>().Select(image => image.Module))
        {
            Log.Information("{Path} ({Variant}, for {Release})", module.Path, module.Variant, module.Release);
        }
    }
}
