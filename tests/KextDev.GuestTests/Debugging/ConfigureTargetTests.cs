using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Guests.Vmware;
using KextDev.GuestTests.Testing;
using KextDev.Platforms;
using KextDev.Platforms.Darwin;
using KextDev.Platforms.Linux;
using KextDev.Shells;
using KextDev.Testing;

namespace KextDev.GuestTests.Debugging;

/// <summary>Real guests are configured, restarted and put back: a Mac of VMware's, and the embedded Linux guest.</summary>
[Collection(PatientTurns.Name)]
public sealed class ConfigureTargetTests : IDisposable
{
    private const string Shipped = "keepsyms=1 debug=0x144";

    private readonly GuestPlace _place = new();
    private readonly RecordingReport _report;

    private TargetChange? _asked;
    private Action _onRestart = () => { };

    public ConfigureTargetTests() => _report = new RecordingReport(heard =>
    {
        if (heard is StageStarted { Stage: Stage.Restart })
        {
            _onRestart();
        }
    });

    private IEnumerable<string> Notes => _report.Events.OfType<NoteGiven>().Select(note => note.Sentence);

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task A_Mac_restarts_with_boot_args_for_debugging_and_a_debug_kits_kernel_and_is_put_back_as_it_was()
    {
        // 10.14: kexts and kernels are installed into a system that is neither sealed nor read-only.
        var machine = await StandInMachine.CreateAsync(_place, GuestDefinition.Find("embedded-darwin", Path.Combine(GuestPlace.Root, "vm")) with { Release = "10.14" });
        var definition = machine.Define(", \"startLimit\": 120");
        try
        {
            // It has no disk: it must not end between the steps.
            await machine.Vmrun.StartAsync(CancellationToken.None);
            await using (var journal = Journal())
            {
                (await new InspectGuest(_place.Site, journal).RunAsync(definition, CancellationToken.None)).ShouldAllBe(condition => condition.Effect == LoadEffect.None);
            }

            var mac = await FindAsync(definition);
            var before = await AskAsync(mac, "sysctl -n kern.boottime; nvram -p");
            var kit = MakeKit("18G9323");
            (await ConfigureAsync(definition, kit, agree: false)).ShouldBe(TargetOutcome.Declined);
            (await AskAsync(mac, "sysctl -n kern.boottime; nvram -p")).ShouldBe(before);

            await using (var former = new FormerAddress(mac))
            {
                machine.Behave($"address {FormerAddress.Address}");
                _onRestart = () =>
                {
                    former.Leave();
                    machine.Behave();
                };
                (await ConfigureAsync(definition, kit)).ShouldBe(TargetOutcome.Changed);
                former.WasUsed.ShouldBeTrue();
            }

            _onRestart = () => { };
            (await AskAsync(mac, "sysctl -n kern.bootargs; nvram boot-args; cat /System/Library/Kernels/kernel.development")).ShouldBe(
                $"{_asked!.After}\nboot-args\t{_asked.After}\nno kernel at all\n");
            BootArguments.Parse(_asked.After!).Words.ShouldBe(
                ["keepsyms=1", "debug=0x146", "kdp_match_name=en0", "pmuflags=1", "-v", "kcsuffix=development", "serial=3"], ignoreOrder: true);
            (await AskAsync(mac, "sysctl -n kern.boottime")).ShouldNotBe(before.Split('\n')[0] + "\n");
            (await ConfigureAsync(definition, Settings with { KernelSuffix = "development" })).ShouldBe(TargetOutcome.Unchanged);

            (await UndoAsync(definition)).ShouldBe(TargetOutcome.Changed);
            (await AskAsync(mac, "sysctl -n kern.bootargs; nvram boot-args; ls /System/Library/Kernels")).ShouldBe($"{Shipped}\nboot-args\t{Shipped}\n");
            (await Should.ThrowAsync<InfrastructureException>(UndoAsync(definition))).Message.ShouldContain($"now '{Shipped}'");

            await DoesNotComeBackAsync(definition, mac);
        }
        finally
        {
            await machine.EndAsync();
        }
    }

    [Fact]
    public async Task A_Linux_guest_of_ours_is_started_with_more_arguments_from_then_on_until_that_is_undone()
    {
        const string Added = "ignore_loglevel no_hash_pointers log_buf_len=4M kextdev.mine=1";
        var definition = GuestPlace.Embedded;
        try
        {
            await using (var kept = GuestFactory.Create(definition, _place.Site))
            {
                await kept.StartAsync(CancellationToken.None);
                ((IKeepable)kept).Keep();
            }

            (await ConfigureAsync(definition, new TargetSettings { Others = BootArguments.Parse("kextdev.mine=\"1\"") })).ShouldBe(TargetOutcome.Changed);
            (await AskAsync(definition, "cat /proc/cmdline")).Replace('\n', ' ').ShouldContain($" {Added} ");
            (await _place.ListAsync()).ShouldHaveSingleItem().Kept.ShouldBeTrue();

            (await UndoAsync(definition)).ShouldBe(TargetOutcome.Changed);
            (await AskAsync(definition, "cat /proc/cmdline")).Trim().Split(' ').Intersect(Added.Split(' ')).ShouldBeEmpty();
            (await Should.ThrowAsync<InfrastructureException>(ConfigureAsync(definition, new TargetSettings { DebugFlags = 4 }))).Message.ShouldContain("runs Linux");
            await LeadsGrubToOwnFileAsync(definition);
        }
        finally
        {
            await GuestFactory.Create(definition, _place.Site).StopAsync(CancellationToken.None);
        }
    }

    // A menu that is made as Fedora's and SUSE's are, from one file of settings; this guest needs none of its own.
    private async Task LeadsGrubToOwnFileAsync(GuestDefinition definition)
    {
        const string Show = "cat /etc/default/grub /menu; ls /etc/default/grub.d";
        await using var guest = GuestFactory.Create(definition, _place.Site);
        await using var shell = await GuestShell.ConnectAsync(await guest.StartAsync(CancellationToken.None), CancellationToken.None);
        async Task<string> RunAsync(string command) => (await shell.RunAsync(command, CancellationToken.None)).Output;
        (await GrubArguments.FindAsync(shell, "box", CancellationToken.None)).ShouldBeNull();
        await RunAsync("""
            mkdir -p /etc/default /boot/grub2; printf 'GRUB_CMDLINE_LINUX_DEFAULT="quiet mine"' >/etc/default/grub
            printf '%s\n' '#!/bin/sh' '. /etc/default/grub' '[ ! -e /full ] || { echo no space >&2; exit 1; }' 'echo "$@ $GRUB_CMDLINE_LINUX_DEFAULT" >/menu' >/usr/sbin/grub2-mkconfig
            chmod 755 /usr/sbin/grub2-mkconfig
            """);
        var grub = (await GrubArguments.FindAsync(shell, "box", CancellationToken.None)).ShouldNotBeNull();
        (await grub.ReadAsync(CancellationToken.None)).ShouldBeNull();

        foreach (var arguments in (string[])["nokaslr", "nokaslr kextdev.mine=1"])
        {
            (await grub.WriteAsync(arguments, CancellationToken.None)).ShouldBe(KernelAnswer.Yes);
            (await grub.ReadAsync(CancellationToken.None)).ShouldBe(arguments);
            (await RunAsync("cat /menu; wc -l </etc/default/grub")).ShouldBe($"-o /boot/grub2/grub.cfg quiet mine {arguments}\n2\n");
        }

        await RunAsync("touch /full");
        var refused = await grub.WriteAsync("other=1", CancellationToken.None);
        refused.Message.ShouldContain("'/usr/sbin/grub2-mkconfig -o /boot/grub2/grub.cfg' ended with exit code 1: no space");
        (await grub.ReadAsync(CancellationToken.None)).ShouldBe("nokaslr kextdev.mine=1");

        await RunAsync("rm /full");
        (await grub.WriteAsync(null, CancellationToken.None)).ShouldBe(KernelAnswer.Yes);
        (await RunAsync(Show)).ShouldBe("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet mine\"\n-o /boot/grub2/grub.cfg quiet mine\n");
        await RunAsync("echo GRUB_ENABLE_BLSCFG=true >>/etc/default/grub");
        (await Should.ThrowAsync<InfrastructureException>(GrubArguments.FindAsync(shell, "box", CancellationToken.None))).Message.ShouldContain("grubby --update-kernel=ALL");
    }

    private static TargetSettings Settings => new() { DebugFlags = DebugBits.Parse("DB_PRT"), Others = BootArguments.Parse("serial=3") };

    // What restarts it takes its network away instead.
    private async Task DoesNotComeBackAsync(GuestDefinition definition, GuestEndpoint mac)
    {
        await AskAsync(mac, "rm /sbin/shutdown; printf '#!/bin/sh\\nifconfig eth0 down\\n' >/sbin/shutdown; chmod 755 /sbin/shutdown");
        var clock = new HeldClock();
        var restarts = new TaskCompletionSource();
        var report = new RecordingReport(heard =>
        {
            if (heard is StageStarted { Stage: Stage.Restart })
            {
                restarts.SetResult();
            }
        });
        await using var journal = new RunJournal(TimeProvider.System, report);
        var run = new ConfigureTarget(_place.Site, journal, clock).RunAsync(definition, Settings, _ => true, CancellationToken.None);
        await Task.WhenAny(run, restarts.Task);
        while (!run.IsCompleted)
        {
            clock.Expire();
            await Task.WhenAny(run, Task.Delay(50));
        }

        (await Should.ThrowAsync<InfrastructureException>(run)).Message.ShouldContain("did not come back");
        var note = report.Events.OfType<NoteGiven>().Last().Sentence;
        note.ShouldContain("hold from the next start on");
        note.ShouldContain("--undo");
        note.ShouldContain($"nvram boot-args='{Shipped}'");
    }

    private TargetSettings MakeKit(string build)
    {
        var folder = Path.Combine(_place.State.Path, $"KDK_10.14.6_{build}.kdk");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "System", "Library", "Kernels")).FullName, "kernel.development"), "no kernel at all\n");
        return Settings with { Kit = DebugKit.Open(folder) };
    }

    private RunJournal Journal() => new(TimeProvider.System, _report);

    private async Task<TargetOutcome> ConfigureAsync(GuestDefinition definition, TargetSettings settings, bool agree = true)
    {
        await using var journal = Journal();
        return await new ConfigureTarget(_place.Site, journal, TimeProvider.System).RunAsync(
            definition,
            settings,
            change =>
            {
                _asked = change;
                return agree;
            },
            CancellationToken.None);
    }

    private async Task<TargetOutcome> UndoAsync(GuestDefinition definition)
    {
        await using var journal = Journal();
        return await new ConfigureTarget(_place.Site, journal, TimeProvider.System).UndoAsync(definition, _ => true, CancellationToken.None);
    }

    private async Task<string> AskAsync(GuestDefinition definition, string command)
    {
        await using var guest = GuestFactory.Create(definition, _place.Site);
        return await AskAsync(await guest.StartAsync(CancellationToken.None), command);
    }

    // It runs already, and goes on running.
    private async Task<GuestEndpoint> FindAsync(GuestDefinition definition)
    {
        await using var guest = GuestFactory.Create(definition, _place.Site);
        return await guest.StartAsync(CancellationToken.None);
    }

    private static async Task<string> AskAsync(GuestEndpoint endpoint, string command)
    {
        await using var shell = await GuestShell.ConnectAsync(endpoint, CancellationToken.None);
        return (await shell.RunAsync(command, CancellationToken.None)).Output;
    }
}
