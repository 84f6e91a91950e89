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
        CommandResult unloaded;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        do
        {
            limit.Token.ThrowIfCancellationRequested();
            unloaded = await host.UnloadAsync(OsqueryKext.Identifier);
        }
        while (unloaded.ExitCode == 11);

        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
        host.Reports.ShouldBeEmpty();
    }
}
