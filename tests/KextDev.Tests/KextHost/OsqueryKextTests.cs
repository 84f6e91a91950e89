using KextDev.Processes;

namespace KextDev.Tests.KextHost;

/// <summary>This repository's own extension, as the kernel linker made it, at work in kexthost.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class OsqueryKextTests(KextHostBuild build) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData()]
    [InlineData("--check")]
    public async Task Accounts_for_every_event_of_20_producers(params string[] options)
    {
        await using var host = await RunningHost.StartAsync(build, options);
        (await host.LoadAsync(await OsqueryKext.BuildAsync(_folder))).ExitCode.ShouldBe(0);

        var result = await host.Client(build.RingClient, "20", "2000").TryRunAsync(CancellationToken.None);

        result.Error.ShouldBe("");
        result.Output.ShouldStartWith("produced 40000 read ");
        result.ExitCode.ShouldBe(0, result.Output);
        var unloaded = await host.UnloadAsync(OsqueryKext.Identifier);
        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
        host.Reports.ShouldBeEmpty();
    }

    /// <summary>Executions and files by 8 threads each, and sockets, while the reader sleeps in the kernel between them.</summary>
    [Fact]
    public async Task Tells_of_what_other_processes_do()
    {
        var path = _folder.Write("told", "");
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await OsqueryKext.BuildAsync(_folder))).ExitCode.ShouldBe(0);
        await using var client = host.Client(build.EventClient, path, "400", "400", "3").StreamAsync(CancellationToken.None).GetAsyncEnumerator();
        (await client.MoveNextAsync()).ShouldBeTrue();
        client.Current.ShouldBe(new OutputLine("ready"));

        (await host.DriveAsync("threads", "8", "50", "execute", path)).ShouldBe("threads: ok\n");
        (await host.DriveAsync("threads", "8", "50", "modified", path)).ShouldBe("threads: ok\n");
        (await host.DriveAsync("socket", "bind", "connect", "accept", "shut")).ShouldBe("socket: ok\nbind: ok\nconnect: ok\naccept: ok\nshut: ok\n");

        (await client.MoveNextAsync()).ShouldBeTrue();
        client.Current.ShouldBe(new OutputLine("done"));
        (await client.MoveNextAsync()).ShouldBeTrue();
        client.Current.ShouldBe(new Exited(0));
        var unloaded = await host.UnloadAsync(OsqueryKext.Identifier);
        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
        host.Log.ShouldContain("Security policy loaded: Kernel events for osquery (osquery)\n");
        host.Log.ShouldContain("Security policy unload: Kernel events for osquery (osquery)\n");
    }

    /// <summary>Loaded and unloaded again and again while events come and clients open, subscribe, produce and die.</summary>
    [Fact]
    public async Task Comes_and_goes_while_it_is_in_use()
    {
        var bundle = await OsqueryKext.BuildAsync(_folder);
        await using var host = await RunningHost.StartAsync(build, "--check");
        for (var round = 0; round < 10; round++)
        {
            (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);
            Task[] users =
            [
                KillAsync(host.Client(build.EventClient, "/etc/passwd", "100000", "0", "0")),
                host.DriveAsync("threads", "4", "50", "modified", "/etc/passwd", "threads", "4", "50", "execute", "/etc/passwd", "socket", "bind", "connect"),
                host.Client(build.RingClient, "2", "50").TryRunAsync(CancellationToken.None),
            ];

            var unloaded = await UnloadAsync(host);
            await Task.WhenAll(users);

            unloaded.ExitCode.ShouldBe(0, unloaded.Error);
        }

        host.Reports.ShouldBeEmpty();
    }

    private static async Task KillAsync(HostCommand client)
    {
        await foreach (var line in client.StreamAsync(CancellationToken.None))
        {
            if (line is OutputLine)
            {
                break;
            }
        }
    }

    /// <summary>Asks until nobody has the device open.</summary>
    private static async Task<CommandResult> UnloadAsync(RunningHost host)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var unloaded = await host.UnloadAsync(OsqueryKext.Identifier);
            if (unloaded.ExitCode != 11)
            {
                return unloaded;
            }

            limit.Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Refuses_to_stop_while_its_device_is_open_and_closes_it_when_the_client_dies()
    {
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await OsqueryKext.BuildAsync(_folder))).ExitCode.ShouldBe(0);
        await using (var client = host.Client(build.RingClient, "1", "10", "stay").StreamAsync(CancellationToken.None).GetAsyncEnumerator())
        {
            (await client.MoveNextAsync()).ShouldBeTrue();
            client.Current.ShouldBe(new OutputLine("produced 10 read 10 dropped 0"));

            (await host.UnloadAsync(OsqueryKext.Identifier)).Error.ShouldContain("did not stop (return code 0x5).");
        }

        // The host closes what a dead client had open on a thread of its own.
        var unloaded = await UnloadAsync(host);
        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
        host.Reports.ShouldBeEmpty();
    }
}
