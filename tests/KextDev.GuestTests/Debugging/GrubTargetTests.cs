using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Guests.Vmware;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Testing;
using KextDev.Platforms;
using KextDev.Shells;

namespace KextDev.GuestTests.Debugging;

/// <summary>Debian on a VMware machine's disk, started by its own GRUB, is configured over a user who is not root, restarted and put back.</summary>
[Collection(PatientTurns.Name)]
public sealed class GrubTargetTests : IDisposable
{
    private readonly GuestPlace _place = new();
    private readonly RecordingReport _report = new();
    private readonly List<TargetChange> _asked = [];

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Debian_restarts_with_more_arguments_and_a_debug_stub_and_is_put_back_as_it_was()
    {
        var (machine, definition) = await GrubMachine.CreateAsync(_place);
        try
        {
            var endpoint = await StartAsync(definition);
            var before = await LookAsync(endpoint);
            before.Arguments.ShouldEndWith(" machine=somebodys");
            (await AskAsync(endpoint, "id -u")).ShouldBe("1000\n");
            var settings = VmxFile.Read(machine.Vmx).ToBytes();

            (await ConfigureAsync(definition, "kextdev.mine=1")).ShouldBe(TargetOutcome.Changed);

            var change = _asked.ShouldHaveSingleItem();
            change.Steps[0].ShouldContain("/etc/default/grub.d/kextdev.cfg is written, then /usr/sbin/update-grub run");
            change.Steps[1].ShouldContain("shuts down, its machine's debug stub is set");
            change.Machine.ShouldContain("+debugStub.listen.guest64 = \"TRUE\"");
            var configured = await LookAsync(endpoint);
            configured.Arguments.ShouldEndWith(" machine=somebodys quiet nokaslr ignore_loglevel no_hash_pointers log_buf_len=4M kextdev.mine=1");
            configured.BootId.ShouldNotBe(before.BootId);
            VmxFile.Read(machine.Vmx).IsOn("debugStub.listen.guest64").ShouldBeTrue();
            (await ConfigureAsync(definition, "kextdev.mine=1")).ShouldBe(TargetOutcome.Unchanged);
            (await Should.ThrowAsync<InfrastructureException>(ConfigureAsync(definition, "mine=$(reboot)"))).Message.ShouldContain("mine=$(reboot) was not set");

            await using (var journal = Journal())
            {
                (await new ConfigureTarget(_place.Site, journal, TimeProvider.System).UndoAsync(definition, Agree, CancellationToken.None)).ShouldBe(TargetOutcome.Changed);
            }

            var undone = await LookAsync(endpoint);
            undone.Arguments.ShouldEndWith(" machine=somebodys quiet");
            undone.BootId.ShouldNotBe(configured.BootId);
            VmxFile.Read(machine.Vmx).ToBytes().ShouldBe(settings);
            (await AskAsync(endpoint, "ls /etc/default/grub.d")).ShouldNotContain("kextdev");
        }
        finally
        {
            await machine.EndAsync();
        }
    }

    private RunJournal Journal() => new(TimeProvider.System, _report);

    // It goes on running.
    private async Task<GuestEndpoint> StartAsync(GuestDefinition definition)
    {
        await using var guest = GuestFactory.Create(definition, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        ((IKeepable)guest).Keep();
        return endpoint;
    }

    private async Task<TargetOutcome> ConfigureAsync(GuestDefinition definition, string arguments)
    {
        await using var journal = Journal();
        return await new ConfigureTarget(_place.Site, journal, TimeProvider.System).RunAsync(
            definition, new TargetSettings { Others = BootArguments.Parse(arguments) }, Agree, CancellationToken.None);
    }

    private bool Agree(TargetChange change)
    {
        _asked.Add(change);
        return true;
    }

    private static async Task<(string Arguments, string BootId)> LookAsync(GuestEndpoint endpoint) =>
        (await AskAsync(endpoint, "cat /proc/cmdline /proc/sys/kernel/random/boot_id")).Split('\n') is [var arguments, var boot, ..] ? (arguments, boot) : throw new InvalidOperationException();

    private static async Task<string> AskAsync(GuestEndpoint endpoint, string command)
    {
        await using var shell = await GuestShell.ConnectAsync(endpoint, CancellationToken.None);
        return (await shell.RunAsync(command, CancellationToken.None)).Output;
    }
}
