using KextDev.Bundles;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Projects;
using KextDev.Toolchains;
using KextDev.Toolchains.Darwin;

namespace KextDev.Testing;

/// <summary>The first step: the extension in every variant that the plan asks for, and the programs that test it.</summary>
/// <param name="sdk">Apple's headers for a kext; null for the host's own, or those that the project names.</param>
public sealed class BuildExtension(StateFolder state, string? sdk, RunJournal journal)
{
    /// <param name="variants">Which builds of the extension are needed.</param>
    /// <param name="guest">Made from the definition; it need not run.</param>
    public async Task<BuiltExtension> RunAsync(
        Project project, IEnumerable<string> variants, GuestDefinition definition, IGuest guest, CancellationToken cancellationToken)
    {
        Func<string, Task<BuiltImage>> build = definition.Platform switch
        {
            GuestPlatform.Linux => await ModuleAsync(project, guest, cancellationToken),
            GuestPlatform.Darwin => await BundleAsync(project, definition, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(definition), definition.Platform, "No such platform."),
        };
        var images = new Dictionary<string, BuiltImage>(StringComparer.Ordinal);
        foreach (var variant in variants.Distinct(StringComparer.Ordinal))
        {
            images[variant] = await build(variant);
        }

        return new BuiltExtension(images, await BuildProgramsAsync(project, definition, cancellationToken));
    }

    /// <summary>The programs alone.</summary>
    public Task<IReadOnlyList<GuestProgram>> BuildProgramsAsync(Project project, GuestDefinition definition, CancellationToken cancellationToken) =>
        new GuestProgramToolchain(state.Build, Print, Note).BuildAsync(project, Target(definition), cancellationToken);

    private static GuestProgramTarget Target(GuestDefinition definition) =>
        definition.KextHostFolder is { } host ? GuestProgramTarget.KextHost(host)
        : definition.Platform == GuestPlatform.Darwin ? GuestProgramTarget.MacOS()
        : GuestProgramTarget.Linux;

    private void Print(string line) => journal.Publish(new CompilerPrinted(line));

    private void Note(string sentence) => journal.Publish(new NoteGiven(sentence));

    private async Task<Func<string, Task<BuiltImage>>> ModuleAsync(Project project, IGuest guest, CancellationToken cancellationToken)
    {
        if (guest is not IKernelHeaders headers)
        {
            throw new InfrastructureException(
                $"The extension cannot be built for guest {guest.Name}: its driver does not know the headers of the guest's kernel. Choose a guest with the qemu driver.");
        }

        var kernel = await headers.GetKernelTreeAsync(cancellationToken);
        var toolchain = new LinuxModuleToolchain(state.Build, Print, Note);
        return async variant => new BuiltModule(await toolchain.BuildAsync(project, variant, kernel, cancellationToken));
    }

    private async Task<Func<string, Task<BuiltImage>>> BundleAsync(Project project, GuestDefinition definition, CancellationToken cancellationToken)
    {
        var build = new KextBuild(await KextToolchains.FindAsync(sdk, cancellationToken), state.Build, Print, Note);
        return async variant =>
        {
            var kext = await build.RunAsync(project, variant, BuildConfiguration.Debug, cancellationToken);
            await CheckAsync(kext, definition, cancellationToken);
            return new BuiltBundle(kext);
        };
    }

    // What the check foresees is told; the last word has the guest's kernel.
    private async Task CheckAsync(Kext kext, GuestDefinition definition, CancellationToken cancellationToken)
    {
        var release = MacRelease.Parse(definition.Release);
        var inspection = await BundleInspection.RunAsync(kext.BundleFolder, release is null ? null : [release], cancellationToken);
        foreach (var finding in inspection.Result.Findings.Where(finding => finding.Severity == Severity.Error))
        {
            Note($"{Path.GetFileName(kext.BundleFolder)} ({kext.Variant}) will not load on {release}: {finding.Code}: {finding.Message} {finding.Fix}".TrimEnd());
        }
    }
}

/// <summary>Files on the host, ready to be deployed.</summary>
/// <param name="Images">By variant.</param>
public sealed record BuiltExtension(IReadOnlyDictionary<string, BuiltImage> Images, IReadOnlyList<GuestProgram> Programs);
