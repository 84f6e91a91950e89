using KextDev.Guests;
using KextDev.GuestTests.Guests.Vmware;

namespace KextDev.GuestTests.Guests;

/// <summary>A machine that somebody else runs: here a virtual one, started and stopped by commands that know nothing of KextDev.</summary>
[Collection(GuestTurns.Name)]
public sealed class SshGuestContractTests : GuestContractTests
{
    private const string Address = "127.66.77.88";

    private StandInMachine _machine = null!;

    public override async Task InitializeAsync()
    {
        _machine = await StandInMachine.CreateAsync(Place, GuestPlace.Embedded);
        _machine.Change(new KextDev.Guests.Vmware.VmxChange("standIn.address", Address));
        Definition = Define($", \"startCommand\": \"{Command("start")} nogui\", \"stopCommand\": \"{Command("stop")} soft || true\"");
        Silent = Definition with { Port = 2, StartLimit = 3 };
    }

    public override async Task DisposeAsync()
    {
        await _machine.EndAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Without_commands_it_is_taken_and_left_as_it_is()
    {
        Definition = Define("");
        (await GuestFactory.LookAsync(Definition, Place.Site, CancellationToken.None)).ShouldBe(new GuestCondition(GuestPower.Silent));
        await _machine.Vmrun.StartAsync(CancellationToken.None);
        await using (var guest = Guest())
        {
            var endpoint = await guest.StartAsync(CancellationToken.None);
            ((IKeepable)guest).Joined.ShouldBeTrue();
            guest.ShouldNotBeAssignableTo<ISnapshots>();
            Place.Notes.ShouldContain(note => note.Contains("no snapshot and no console", StringComparison.Ordinal));
            (await RunAsync(endpoint, "id -un")).ShouldBe("root\n");
            var condition = await GuestFactory.LookAsync(Definition, Place.Site, CancellationToken.None);
            condition.Endpoint.ShouldBe(endpoint);
            condition.User.ShouldStartWith("process ");
        }

        GuestFactory.Deletion(Definition, Place.Site).ShouldBeNull();
        await Guest().StopAsync(CancellationToken.None);

        (await _machine.IsRunningAsync()).ShouldBeTrue();
        Place.Notes.ShouldContain(note => note.Contains("goes on running", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Is_off_once_it_is_disposed_when_it_was_started_here()
    {
        await using (var guest = Guest())
        {
            await guest.StartAsync(CancellationToken.None);
            ((IKeepable)guest).Joined.ShouldBeFalse();
        }

        (await _machine.IsRunningAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Its_host_key_is_learnt_once_and_another_is_not_believed_later()
    {
        await _machine.Vmrun.StartAsync(CancellationToken.None);
        Definition = Define(", \"hostKey\": \"learn\"");
        GuestEndpoint endpoint;
        await using (var guest = Guest())
        {
            endpoint = await guest.StartAsync(CancellationToken.None);
        }

        Place.Notes.Count(note => note.Contains("was learnt", StringComparison.Ordinal)).ShouldBe(1);
        var learnt = Path.Combine(Place.State.Keys, "learnt", Definition.Name);
        try
        {
            endpoint.HostKey.ShouldBe((await File.ReadAllTextAsync(learnt)).Trim());
            (await RunAsync(endpoint, "id -un")).ShouldBe("root\n");
            await File.WriteAllTextAsync(learnt, "ssh-ed25519 AAAAanother\n");
            await using var again = Guest();
            (await again.StartAsync(CancellationToken.None)).HostKey.ShouldBe("ssh-ed25519 AAAAanother");
        }
        finally
        {
            File.Delete(learnt);
        }
    }

    [Fact]
    public async Task A_command_that_fails_is_quoted()
    {
        Definition = Define(", \"startCommand\": \"echo no such plug >&2; exit 3\"");
        await using var guest = Guest();

        var message = (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message;

        message.ShouldContain("\"startCommand\" of guest away failed");
        message.ShouldContain("no such plug");
        message.ShouldContain("exit code 3");
    }

    private protected override async Task BegunAsync(Task starting)
    {
        while (!await _machine.IsRunningAsync())
        {
            starting.IsCompleted.ShouldBeFalse();
        }
    }

    private string Command(string verb) => $"{StandInMachine.VmrunFile} -T ws {verb} {_machine.Vmx}";

    private GuestDefinition Define(string keys)
    {
        var file = Path.Combine(Place.State.Path, "away.json");
        File.WriteAllText(file, $$"""{ "driver": "ssh", "platform": "linux", "recipe": "debian-cloud", "host": "{{Address}}", "port": 2222{{keys}} }""");
        return GuestDefinition.Read(file);
    }
}
