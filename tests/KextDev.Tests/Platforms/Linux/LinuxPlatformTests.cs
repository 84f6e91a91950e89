using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Platforms.Linux;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Tests.Platforms.Linux;

public sealed class LinuxPlatformTests : IDisposable
{
    private static readonly DeployedExtension Sample = new("sample", "normal", "/tmp/sample.ko");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_module_that_is_held_for_a_moment_is_unloaded_all_the_same(int held)
    {
        var result = await UnloadAsync(held);

        result.ExitCode.ShouldBe(0);
        result.Error.ShouldBeEmpty();
        File.ReadAllLines(_folder.Combine("calls")).ShouldBe(Enumerable.Repeat("sample", held + 1));
    }

    [Fact]
    public async Task A_module_that_stays_in_use_is_told_of_once()
    {
        var result = await UnloadAsync(held: 99);

        result.ExitCode.ShouldBe(1);
        result.Error.ShouldBe("rmmod: in use\n");
    }

    // An rmmod that the kernel refuses so many times.
    private async Task<ShellResult> UnloadAsync(int held)
    {
        var calls = ShellWord.Quote(_folder.Combine("calls"));
        File.SetUnixFileMode(
            _folder.Write("rmmod", $"#!/bin/sh\necho \"$1\" >>{calls}\n[ $(wc -l <{calls}) -gt {held} ] || {{ echo 'rmmod: in use' >&2; exit 1; }}\n"),
            UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var shell = await GuestShell.ConnectAsync(GuestEndpoint.ThisMachine, CancellationToken.None);
        return await shell.RunAsync($"PATH={ShellWord.Quote(_folder.Path)}:$PATH; {new LinuxPlatform(shell).UnloadCommand(Sample)}", CancellationToken.None);
    }
}
