using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Guests.Vmware;
using KextDev.Processes;
using KextDev.Provisioning;
using KextDev.Shells;

namespace KextDev.GuestTests.Provisioning;

/// <summary>A machine of VMware's in which somebody installed Debian, with OpenSSH's server and sudo, and with an administrator who has a password.</summary>
[Collection(GuestTurns.Name)]
public sealed class ProvisionGuestTests : IAsyncLifetime, IDisposable
{
    private const string Wrong = "wrong-horse";

    private readonly GuestPlace _place = new();
    private readonly List<string> _asked = [];
    private StandInMachine _machine = null!;
    private GuestDefinition _definition = null!;
    private string _given = DebianRoot.Password;

    private GuestSite Site => _place.Site with { AskSecret = Ask };

    public async Task InitializeAsync()
    {
        _machine = await StandInMachine.CreateAsync(_place, GuestPlace.Embedded);
        foreach (var key in (string[])["host_key", "client_key"])
        {
            await new HostCommand("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", Path.Combine(_place.State.Path, key)).RunAsync(CancellationToken.None);
        }

        var hostKey = (await File.ReadAllTextAsync(Path.Combine(_place.State.Path, "host_key.pub"))).Split(' ');
        _definition = Define($"\"snapshot\": \"clean\", \"key\": \"client_key\", \"hostKey\": \"{hostKey[0]} {hostKey[1]}\"");
        await using var embedded = GuestFactory.Create(_machine.Define(), _place.Site);
        var endpoint = await embedded.StartAsync(CancellationToken.None);
        ((IKeepable)embedded).Keep();
        await using var shell = await GuestShell.ConnectAsync(endpoint, CancellationToken.None);
        await shell.UploadAsync(
            await DebianRoot.MakeAsync(_place.State.Path, Path.Combine(_place.State.Path, "host_key")), "/debian.tar", UnixFileMode.UserRead, CancellationToken.None);
        var started = await shell.RunAsync($"mkdir {DebianRoot.Folder} && tar -xf /debian.tar -C {DebianRoot.Folder} && rm /debian.tar && {DebianRoot.Start}", CancellationToken.None);
        started.ExitCode.ShouldBe(0, started.Error);
    }

    public Task DisposeAsync() => _machine.EndAsync();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Is_set_up_with_a_password_once_then_by_key_and_each_run_goes_back_to_what_was_saved()
    {
        _given = Wrong;
        var refused = (await Should.ThrowAsync<InfrastructureException>(ProvisionAsync())).Message;
        refused.ShouldContain("refused me, with the key and with the password");
        refused.ShouldNotContain(Wrong);

        _given = DebianRoot.Password;
        var first = await ProvisionAsync();

        first.Steps.Where(step => step.Outcome == ProvisionOutcome.Failed).ShouldBeEmpty();
        first.Unsettled.ShouldBeEmpty();
        first.Steps.Where(step => step.Outcome == ProvisionOutcome.Changed).Select(step => step.Name).ShouldBe(["key", "sudo", "sshd", "hostname", "crashes", "folders"]);
        first.Snapshot.ShouldBe("clean");
        _asked.ShouldBe(["Password of me in the guest debian", "Password of me in the guest debian"]);

        // The key lets in, and the administrator may do what a test does and nothing else.
        await _machine.Vmrun.SwitchOffAsync(CancellationToken.None);
        await using (var guest = GuestFactory.Create(_definition, Site))
        {
            await using var shell = await GuestShell.ConnectAsync(await guest.StartAsync(CancellationToken.None), CancellationToken.None);
            (await shell.RunAsync("hostname; cat /proc/sys/kernel/core_pattern", CancellationToken.None)).Output.ShouldBe("tested\n/var/crash/core.%e.%p\n");
            (await shell.RunAsync("sudo -u me sudo -n /bin/dmesg", CancellationToken.None)).ExitCode.ShouldBe(0);
            (await shell.RunAsync("sudo -u me sudo -n /bin/cat /etc/shadow", CancellationToken.None)).Error.ShouldContain("password is required");
        }

        var second = await ProvisionAsync();

        second.Steps.Where(step => step.Outcome != ProvisionOutcome.Done).ShouldBeEmpty();
        second.Succeeded.ShouldBeTrue();
        second.Snapshot.ShouldBe("clean");
        _asked.Count.ShouldBe(2);
        _place.Notes.Where(note => note.Contains(DebianRoot.Password, StringComparison.Ordinal) || note.Contains(Wrong, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private string? Ask(string question)
    {
        _asked.Add(question);
        return _given;
    }

    private Task<ProvisionReport> ProvisionAsync()
    {
        var options = new ProvisionOptions(Path.Combine(GuestPlace.Root, "vm", "provision"), DebianRoot.Administrator, "tested");
        return new ProvisionGuest(options, Site).RunAsync(_definition, CancellationToken.None);
    }

    private GuestDefinition Define(string keys)
    {
        var file = Path.Combine(_place.State.Path, "debian.json");
        File.WriteAllText(
            file,
            $$"""
            {
              "driver": "vmware", "platform": "linux", "vmx": "box.vmwarevm/box.vmx", "vmrun": "{{StandInMachine.VmrunFile}}",
              "port": 2222, "startLimit": 120, {{keys}}
            }
            """);
        return GuestDefinition.Read(file);
    }
}
