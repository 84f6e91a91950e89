using KextDev.Guests;
using KextDev.Testing;
using Nuke.Common;
using Serilog;

internal interface IKernelBuild : IKernelDeps
{
    Target KernelBuild => _ => _
        .Description("Builds the extension in every variant, and the programs that test it, for the guest's kernel.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            await using var guest = GuestFactory.Create(FindGuest(project), Site);
            await using var journal = ConsoleJournal();
            var built = await new BuildExtension(State, journal).RunAsync(project, project.Linux.Variants.Keys, guest, token);
            foreach (var module in built.Modules.Values)
            {
                Log.Information("{Path} ({Variant}, for {Release})", module.Path, module.Variant, module.Release);
            }
        }));
}
