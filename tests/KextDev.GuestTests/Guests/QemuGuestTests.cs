using KextDev.Guests;

namespace KextDev.GuestTests.Guests;

public sealed class QemuGuestTests : IDisposable
{
    private readonly GuestPlace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Boots_and_runs_a_command_over_ssh()
    {
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        var tree = await ((IKernelHeaders)guest).GetKernelTreeAsync(CancellationToken.None);

        var result = await Ssh.Command(_place, endpoint, "uname -r").RunAsync(CancellationToken.None);

        result.Output.ShouldBe(tree.Release + "\n");
    }
}
