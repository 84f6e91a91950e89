using KextDev.Guests;
using KextDev.Guests.Local;

namespace KextDev.Tests.Guests.Local;

public sealed class LocalGuestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private GuestSite Site => new(new StateFolder(_folder.Path), _ => { });

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_needs_no_file_and_a_file_of_its_name_comes_first()
    {
        GuestDefinition.Find("local", _folder.Path).ShouldBe(GuestDefinition.Local);
        Should.Throw<InfrastructureException>(() => GuestDefinition.Find("locall", _folder.Path));

        _folder.Write("local.json", """{ "driver": "local", "platform": "linux", "kernelHeaders": "headers" }""");
        GuestDefinition.Find("local", _folder.Path).KernelHeadersFolder.ShouldBe(_folder.Combine("headers"));
    }

    [Fact]
    public async Task It_is_up_and_stays_up_and_is_one_runs_alone()
    {
        await using var guest = GuestFactory.Create(GuestDefinition.Local, Site);

        (await guest.StartAsync(CancellationToken.None)).IsThisMachine.ShouldBeTrue();

        ((IKeepable)guest).Joined.ShouldBeTrue();
        (await GuestFactory.LookAsync(GuestDefinition.Local, Site, CancellationToken.None)).User.ShouldNotBeNull().ShouldContain($"{Environment.ProcessId}");
        await using (var second = GuestFactory.Create(GuestDefinition.Local, Site))
        {
            (await Should.ThrowAsync<InfrastructureException>(second.StartAsync(CancellationToken.None))).Message.ShouldContain("in use by");
        }

        await guest.StopAsync(CancellationToken.None);
        (await GuestFactory.LookAsync(GuestDefinition.Local, Site, CancellationToken.None)).ShouldSatisfyAllConditions(
            it => it.Power.ShouldBe(GuestPower.Running),
            it => it.User.ShouldBeNull());
    }

    [Fact]
    public async Task A_definition_of_another_system_is_refused()
    {
        var other = GuestDefinition.Local with { Platform = OperatingSystem.IsMacOS() ? KextDev.Projects.GuestPlatform.Linux : KextDev.Projects.GuestPlatform.Darwin };

        await using var guest = new LocalGuest(other, Site);

        (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message.ShouldContain("This machine runs");
    }
}
