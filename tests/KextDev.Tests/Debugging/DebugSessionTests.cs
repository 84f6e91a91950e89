using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Projects;

namespace KextDev.Tests.Debugging;

public sealed class DebugSessionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_guest_that_it_cannot_debug_is_refused_before_anything_is_built()
    {
        var state = new StateFolder(Path.Combine(_folder.Path, "state"));
        var options = new KernelDebugOptions
        {
            Project = Project.Load(Path.Combine(Repository.Root, "kext")),
            Guest = GuestDefinition.Find("embedded-darwin", Path.Combine(Repository.Root, "vm")),
            State = state,
            Folder = _folder.Path,
        };
        await using var journal = new RunJournal(TimeProvider.System, []);

        var refusal = await Should.ThrowAsync<InfrastructureException>(DebugSession.OpenAsync(options, journal, CancellationToken.None));

        refusal.Message.ShouldContain("shows the Linux on which its kernel plays XNU");
        Directory.Exists(state.Build).ShouldBeFalse();
    }
}
