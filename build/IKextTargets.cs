using KextDev.Bundles;
using KextDev.Events;
using KextDev.Projects;
using KextDev.Toolchains.Darwin;
using Nuke.Common;
using Serilog;

/// <summary>The macOS kext: built, checked, packed.</summary>
internal interface IKextTargets : IKernelDeps
{
    [Parameter("How the macOS kext is compiled: debug (the default of KernelBuild and KernelCheck) or release (the default of Package).")]
    BuildConfiguration? Configuration => TryGetValue<BuildConfiguration?>(() => Configuration);

    [Parameter("The one variant to build or pack, by its name in the manifest. Default: all are built, the first one is packed.")]
    string? Variant => TryGetValue(() => Variant);

    [Parameter("Apple's headers for the macOS kext: a macOS SDK or its Kernel.framework. Default: the Mac's own SDK; elsewhere the headers that the manifest names.")]
    string? Sdk => TryGetValue(() => Sdk);

    [Parameter("The kext that KernelCheck judges: any bundle's folder. Default: the project's own, built first.")]
    string? Bundle => TryGetValue(() => Bundle);

    [Parameter("The macOS release on which the bundle must load for KernelCheck to pass, such as 10.15. Default: the project's releases, or with --bundle any.")]
    string? Release => TryGetValue(() => Release);

    [Parameter("KernelCheck answers in JSON, which is then all that stands on standard output.")]
    bool Json => TryGetValue<bool?>(() => Json) ?? false;

    Target KernelCheck => _ => _
        .Description("Tells offline whether a macOS kext will load: --bundle PATH, or the project's own. Ends with an error when it will not.")
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var release = AskedRelease();
            if (Bundle is not null)
            {
                Conclude(await BundleInspection.RunAsync(Bundle, release, token));
                return;
            }

            await RequireAsync(KextToolchains.Needs, token);
            var project = LoadProject();
            var extension = project.RequireDarwin();
            await using var journal = ConsoleJournal();
            var variant = Variant ?? extension.DefaultVariant;
            var kext = await BuildKextAsync(project, variant, Configuration ?? BuildConfiguration.Debug, journal, token);
            Conclude(await BundleInspection.RunAsync(kext.BundleFolder, release ?? extension.Releases, token));
        }));

    /// <summary>Builds variants, prints where they are, and fails where one of them would not load.</summary>
    sealed async Task<IReadOnlyList<Kext>> BuildKextsAsync(
        Project project, IReadOnlyList<string> variants, BuildConfiguration configuration, RunJournal journal, CancellationToken cancellationToken)
    {
        var built = new List<Kext>();
        foreach (var variant in variants)
        {
            var kext = await BuildKextAsync(project, variant, configuration, journal, cancellationToken);
            var inspection = await BundleInspection.RunAsync(kext.BundleFolder, project.RequireDarwin().Releases, cancellationToken);
            if (inspection.Result.HasErrors)
            {
                var errors = inspection.Result.Findings.Where(finding => finding.Severity == Severity.Error);
                KextCheckReport.WriteText(Console.Out, inspection.Bundle, inspection.Result with { Findings = [.. errors] });
                throw new TargetFailedException($"{kext.BundleFolder} was built and will not load; why stands above");
            }

            built.Add(kext);
            Log.Information("{Path} ({Variant}, {Configuration}, {Uuid})", kext.BundleFolder, kext.Variant, kext.Configuration, kext.Uuid);
            Log.Information("{Path}", kext.DsymFolder);
        }

        return built;
    }

    private async Task<Kext> BuildKextAsync(
        Project project, string variant, BuildConfiguration configuration, RunJournal journal, CancellationToken cancellationToken)
    {
        var toolchain = await KextToolchains.FindAsync(Sdk, cancellationToken);
        var build = new KextBuild(
            toolchain, State.Build, line => journal.Publish(new CompilerPrinted(line)), sentence => journal.Publish(new NoteGiven(sentence)));
        return await build.RunAsync(project, variant, configuration, cancellationToken);
    }

    private IReadOnlyList<MacRelease>? AskedRelease()
    {
        var known = MacRelease.All.Select(release => release.Name).ToList();
        return Release is null ? null
            : MacRelease.Parse(Release) is { } release ? [release]
            : throw new TargetFailedException(
                $"Nothing is known of macOS '{Release}'. Known: {string.Join(", ", known)}.{ClosestMatch.Question(Release, known)}");
    }

    private void Conclude(BundleInspection inspection)
    {
        if (Json)
        {
            // Main sent Console.Out elsewhere.
            using var output = new StreamWriter(Console.OpenStandardOutput());
            KextCheckReport.WriteJson(output, inspection.Bundle, inspection.Result);
        }
        else
        {
            KextCheckReport.WriteText(Console.Out, inspection.Bundle, inspection.Result);
        }

        if (inspection.Result.HasErrors)
        {
            throw new TargetFailedException($"{inspection.Bundle.Folder} will not load; why stands above");
        }
    }
}
