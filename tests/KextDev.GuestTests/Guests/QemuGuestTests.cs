using System.Net;
using System.Net.Sockets;
using KextDev.Guests;

namespace KextDev.GuestTests.Guests;

[Collection(GuestTurns.Name)]
public sealed class QemuGuestTests : IDisposable
{
    private readonly GuestPlace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Boots_the_kernel_that_its_headers_are_of_and_answers_over_ssh()
    {
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        var tree = await ((IKernelHeaders)guest).GetKernelTreeAsync(CancellationToken.None);

        var command = Ssh.Command(_place, endpoint, "uname -r; id -u; ls -d /sys/module/pvpanic_pci /sys/kernel/tracing/events");
        var result = await command.RunAsync(CancellationToken.None);

        result.Output.ShouldBe($"{tree.Release}\n0\n/sys/kernel/tracing/events\n/sys/module/pvpanic_pci\n");
        File.Exists(Path.Combine(tree.ObjectFolder, ".config")).ShouldBeTrue();
        File.Exists(Path.Combine(tree.SourceFolder, "Makefile")).ShouldBeTrue();
        File.ReadAllText(((ISerialConsole)guest).ConsoleFile).ShouldContain("KEXTDEV READY");
    }

    // Without, a processor that loops with interrupts off in a guest that is idle otherwise is never told of.
    [Fact]
    public async Task On_each_processor_a_process_wants_grace_periods()
    {
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);

        var wishes = await Ssh.Command(
            _place,
            endpoint,
            """
            cd /sys/kernel/tracing && echo 1 >events/syscalls/sys_enter_membarrier/enable
            for processor in $(seq 0 $(($(nproc) - 1))); do
              timeout 60 grep -m 2 -o "kextdev-pulse-.*cmd: 1" per_cpu/cpu$processor/trace_pipe | sed "s/.*/processor $processor/"
            done
            """).RunAsync(CancellationToken.None);

        wishes.Output.ShouldBe("processor 0\nprocessor 0\nprocessor 1\nprocessor 1\n");
    }

    [Fact]
    public async Task Is_gone_once_it_is_disposed()
    {
        var guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        (await _place.ListAsync()).ShouldHaveSingleItem().Endpoint.ShouldBe(endpoint);

        await guest.DisposeAsync();

        (await _place.ListAsync()).ShouldBeEmpty();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Should.ThrowAsync<SocketException>(socket.ConnectAsync(endpoint.Host, endpoint.Port));
    }

    [Fact]
    public async Task A_start_that_is_cancelled_leaves_nothing_running()
    {
        using var cancel = new CancellationTokenSource();
        await using var guest = GuestFactory.Create(_place.WithInit("#!/bin/sh\nexec /bin/busybox sleep 1000\n"), _place.Site);
        var starting = guest.StartAsync(cancel.Token);
        while ((await _place.ListAsync()).Count == 0)
        {
            starting.IsCompleted.ShouldBeFalse();
        }

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(starting);
        (await _place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_at_once_do_not_collide()
    {
        await using var one = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        await using var other = GuestFactory.Create(GuestPlace.Embedded, _place.Site);

        var endpoints = await Task.WhenAll(one.StartAsync(CancellationToken.None), other.StartAsync(CancellationToken.None));

        endpoints[0].Port.ShouldNotBe(endpoints[1].Port);
        (await _place.ListAsync()).Select(status => status.Name).ShouldBe(["embedded", "embedded.2"]);
        foreach (var endpoint in endpoints)
        {
            (await Ssh.Command(_place, endpoint, "id -un").RunAsync(CancellationToken.None)).Output.ShouldBe("root\n");
        }
    }

    [Fact]
    public async Task Tells_of_a_panic_while_its_console_has_the_report()
    {
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        await using var events = ((IMachineEvents)guest).WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        var first = events.MoveNextAsync().AsTask();

        // The connection dies with the kernel; a client that would wait for it is cut off.
        using var cancel = new CancellationTokenSource();
        var crash = Ssh.Command(_place, endpoint, "echo c >/proc/sysrq-trigger").TryRunAsync(cancel.Token);

        (await first).ShouldBeTrue();
        events.Current.ShouldBeOfType<MachinePanicked>();
        File.ReadAllText(((ISerialConsole)guest).ConsoleFile).ShouldContain("sysrq triggered crash");
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(crash);
    }

    [Fact]
    public async Task A_guest_that_never_answers_is_told_with_its_last_console_lines()
    {
        var definition = _place.WithInit("""
            #!/bin/sh
            mount -t devtmpfs devtmpfs /dev
            echo "nobody listens here" >/dev/console
            exec /bin/busybox sleep 1000
            """) with { StartLimit = 77 };
        var clock = new HeldClock();
        var console = Path.Combine(_place.State.Path, "console.log");
        await using var guest = GuestFactory.Create(definition, _place.Site with { Clock = clock, ConsoleFile = console });
        var starting = guest.StartAsync(CancellationToken.None);
        await new ConsoleLog(console).WaitForLineAsync("nobody listens here", CancellationToken.None);

        clock.Expire();

        var message = (await Should.ThrowAsync<InfrastructureException>(starting)).Message;
        message.ShouldContain("did not answer within 77 s");
        message.ShouldContain("SSH banner");
        message.ShouldContain("nobody listens here");
        (await _place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_guest_that_panics_while_it_boots_is_not_waited_for()
    {
        var definition = _place.WithInit("#!/bin/sh\nexit 3\n") with { StartLimit = 3600 };
        await using var guest = GuestFactory.Create(definition, _place.Site);

        var message = (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message;

        message.ShouldContain("panicked or switched itself off while it booted");
        message.ShouldContain("Attempted to kill init");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var guest = GuestFactory.Create(GuestPlace.Embedded with { Port = port }, _place.Site);

        var message = (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message;

        message.ShouldContain($"port {port} of 127.0.0.1 is in use");
        (await _place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Works_in_a_folder_whose_path_is_too_long_for_a_socket()
    {
        var deep = new StateFolder(Path.Combine(_place.State.Path, new string('d', 100)));
        Directory.CreateDirectory(deep.Path);
        Directory.CreateSymbolicLink(deep.Cache, _place.State.Cache);
        Directory.CreateSymbolicLink(deep.Keys, _place.State.Keys);
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site with { State = deep });

        var endpoint = await guest.StartAsync(CancellationToken.None);

        (await Ssh.Command(_place, endpoint, "id -un").RunAsync(CancellationToken.None)).Output.ShouldBe("root\n");
    }
}
