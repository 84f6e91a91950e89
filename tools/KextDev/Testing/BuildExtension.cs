using KextDev.Events;
using KextDev.Guests;
using KextDev.Projects;
using KextDev.Toolchains;

namespace KextDev.Testing;

/// <summary>The first step: the extension in every variant that the plan asks for, and the programs that test it.</summary>
public sealed class BuildExtension(StateFolder state, RunJournal journal)
{
    /// <param name="variants">Which builds of the extension are needed.</param>
    public async Task<BuiltExtension> RunAsync(Project project, IEnumerable<string> variants, IGuest guest, CancellationToken cancellationToken)
    {
        if (guest is not IKernelHeaders headers)
        {
            throw new InfrastructureException(
                $"The extension cannot be built for guest {guest.Name}: its driver does not know the headers of the guest's kernel. Choose a guest with the qemu driver.");
        }

        var kernel = await headers.GetKernelTreeAsync(cancellationToken);
        void Print(string line) => journal.Publish(new CompilerPrinted(line));
        void Note(string sentence) => journal.Publish(new NoteGiven(sentence));
        var modules = new Dictionary<string, LinuxModule>(StringComparer.Ordinal);
        foreach (var variant in variants.Distinct(StringComparer.Ordinal))
        {
            modules[variant] = await new LinuxModuleToolchain(state.Build, Print, Note).BuildAsync(project, variant, kernel, cancellationToken);
        }

        var programs = await new GuestProgramToolchain(state.Build, Print, Note).BuildAsync(project, GuestProgramTarget.Linux, cancellationToken);
        return new BuiltExtension(modules, programs);
    }
}

/// <summary>Files on the host, ready to be deployed.</summary>
/// <param name="Modules">By variant.</param>
public sealed record BuiltExtension(IReadOnlyDictionary<string, LinuxModule> Modules, IReadOnlyList<GuestProgram> Programs);
