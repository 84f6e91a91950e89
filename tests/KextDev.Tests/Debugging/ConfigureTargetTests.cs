using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Projects;

namespace KextDev.Tests.Debugging;

public sealed class ConfigureTargetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_guest_whose_start_cannot_be_configured_is_refused_before_it_is_started()
    {
        var made = new GuestDefinition(GuestDriver.Vmware, GuestPlatform.Linux, GuestRecipe.DebianCloud, "init") { Name = "made" };

        (await RefusalAsync(made)).ShouldContain("It can be debugged as it is: nokaslr is among them");
        (await RefusalAsync(GuestDefinition.Local)).ShouldContain("does not restart the machine that it runs on");
    }

    private async Task<string> RefusalAsync(GuestDefinition definition)
    {
        var site = new GuestSite(new StateFolder(_folder.Path), _ => { });
        await using var journal = new RunJournal(TimeProvider.System);
        var configure = new ConfigureTarget(site, journal, TimeProvider.System);
        return (await Should.ThrowAsync<InfrastructureException>(
            configure.RunAsync(definition, new TargetSettings(), _ => throw new InvalidOperationException("Nobody is to be asked."), CancellationToken.None))).Message;
    }
}
