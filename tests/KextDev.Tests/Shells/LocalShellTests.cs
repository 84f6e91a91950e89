using KextDev.Guests;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Tests.Shells;

public sealed class LocalShellTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Commands_run_on_this_machine_as_this_user()
    {
        await using var shell = await ConnectAsync();

        var result = await shell.RunAsync($"echo $PPID; echo bad >&2; cd {ShellWord.Quote(_folder.Path)} && touch here; exit 3", CancellationToken.None);

        result.ShouldSatisfyAllConditions(
            it => it.Output.Trim().ShouldBe($"{Environment.ProcessId}"),
            it => it.Error.ShouldBe("bad\n"),
            it => it.ExitCode.ShouldBe(3));
        File.Exists(_folder.Combine("here")).ShouldBeTrue();
        (await shell.StreamAsync("echo one; echo two; exit 4", CancellationToken.None).ToListAsync()).ShouldBe([new OutputLine("one"), new OutputLine("two"), new Exited(4)]);
    }

    [Fact]
    public async Task A_cancelled_command_is_ended()
    {
        await using var shell = await ConnectAsync();
        using var cancel = new CancellationTokenSource();
        var lines = shell.StreamAsync("echo $$; exec sleep 600", cancel.Token).GetAsyncEnumerator();
        (await lines.MoveNextAsync()).ShouldBeTrue();
        var process = int.Parse(lines.Current.ShouldBeOfType<OutputLine>().Text, System.Globalization.CultureInfo.InvariantCulture);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(async () => await lines.MoveNextAsync());
        Directory.Exists($"/proc/{process}").ShouldBeFalse();
    }

    [Fact]
    public async Task Files_are_deployed_with_their_modes_and_removed_again()
    {
        await using var shell = await ConnectAsync();
        var module = _folder.Write("built/module.ko", "a module");
        var place = _folder.Combine("deployed");

        await shell.UploadAsync(module, $"{place}/normal/module.ko", UnixFileMode.UserRead | UnixFileMode.UserExecute, CancellationToken.None);

        File.ReadAllText(Path.Combine(place, "normal", "module.ko")).ShouldBe("a module");
        (OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(Path.Combine(place, "normal", "module.ko"))).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await shell.DownloadAsync($"{place}/normal/module.ko", _folder.Combine("back"), CancellationToken.None);
        File.ReadAllText(_folder.Combine("back")).ShouldBe("a module");
        await KextDev.Testing.DeployExtension.RemoveAsync(shell, place, CancellationToken.None);
        Directory.Exists(place).ShouldBeFalse();

        (await Should.ThrowAsync<InfrastructureException>(shell.DownloadAsync($"{place}/none", _folder.Combine("none"), CancellationToken.None))).Message.ShouldContain("none");
        File.Exists(_folder.Combine("none")).ShouldBeFalse();
    }

    private static Task<GuestShell> ConnectAsync() => GuestShell.ConnectAsync(GuestEndpoint.ThisMachine, CancellationToken.None);
}
