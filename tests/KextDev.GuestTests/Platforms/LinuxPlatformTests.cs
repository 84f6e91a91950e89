using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.Platforms;
using KextDev.Platforms.Linux;
using KextDev.Shells;

namespace KextDev.GuestTests.Platforms;

[Collection(GuestTurns.Name)]
public sealed class LinuxPlatformTests : IAsyncLifetime, IDisposable
{
    private readonly GuestPlace _place = new();
    private IGuest _guest = null!;
    private GuestShell _shell = null!;
    private LinuxPlatform _platform = null!;

    public async Task InitializeAsync()
    {
        _guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        _shell = await GuestShell.ConnectAsync(await _guest.StartAsync(CancellationToken.None), CancellationToken.None);
        _platform = new LinuxPlatform(_shell);
    }

    public async Task DisposeAsync()
    {
        await _shell.DisposeAsync();
        await _guest.DisposeAsync();
    }

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task A_module_of_another_kernel_is_refused_with_both_kernels_named()
    {
        var answer = await _platform.LoadAsync(new DeployedExtension("sample", "normal", "/tmp/sample.ko") { KernelRelease = "6.9.9-other" }, CancellationToken.None);

        answer.Accepted.ShouldBeFalse();
        answer.Message.ShouldContain("built for kernel 6.9.9-other");
        answer.Message.ShouldContain((await _shell.RunAsync("uname -r", CancellationToken.None)).Output.Trim());
    }

    [Fact]
    public async Task A_file_that_is_no_module_is_refused_in_the_kernels_words()
    {
        var release = (await _shell.RunAsync("uname -r", CancellationToken.None)).Output.Trim();
        await _shell.RunAsync("echo nonsense > /tmp/sample.ko", CancellationToken.None);

        var answer = await _platform.LoadAsync(new DeployedExtension("sample", "normal", "/tmp/sample.ko") { KernelRelease = release }, CancellationToken.None);

        answer.Accepted.ShouldBeFalse();
        answer.Message.ShouldContain("sample");
        answer.Message.ShouldContain("format");
    }

    [Fact]
    public async Task A_module_in_use_is_not_unloaded_and_the_answer_says_by_what()
    {
        // The guest's own network driver: its stack is always there, and virtio_net holds net_failover, which holds failover.
        var answer = await _platform.UnloadAsync(new DeployedExtension("failover", "normal", ""), CancellationToken.None);

        answer.Accepted.ShouldBeFalse();
        answer.Message.ShouldContain("net_failover");
        (await _platform.IsLoadedAsync(new DeployedExtension("failover", "normal", ""), CancellationToken.None)).ShouldBeTrue();
        (await _platform.IsLoadedAsync(new DeployedExtension("absent", "normal", ""), CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_module_of_a_name_that_is_loaded_is_not_loaded_and_the_answer_says_so()
    {
        var file = (await _shell.RunAsync("grep '/failover.ko' /etc/modules", CancellationToken.None)).Output.Trim();
        var loaded = new DeployedExtension("failover", "normal", file);

        var answer = await _platform.LoadAsync(loaded, CancellationToken.None);

        answer.IsOccupied.ShouldBeTrue(answer.Message);
        answer.Message.ShouldContain("loaded already");
        var image = (await _platform.LocateAsync(loaded, CancellationToken.None)).ShouldBeOfType<LoadedModule>();
        image.Sections[".text"].ShouldBeGreaterThan(0xffff_8000_0000_0000);
        image.Identity.ShouldNotBeNull().Length.ShouldBe(40);
        (await _platform.LocateAsync(loaded with { Name = "absent" }, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Where_a_loaded_module_lies_is_told()
    {
        // Nobody uses it in this guest.
        var file = (await _shell.RunAsync("grep '/pvpanic-mmio.ko' /etc/modules || find / -xdev -name 'pvpanic-mmio.ko'", CancellationToken.None)).Output.Trim();
        var module = new DeployedExtension("pvpanic-mmio", "normal", file);
        (await _platform.UnloadAsync(module, CancellationToken.None)).Accepted.ShouldBeTrue();

        var answer = await _platform.LoadAsync(module, CancellationToken.None);

        answer.Accepted.ShouldBeTrue(answer.Message);
        (await _platform.LocateAsync(module, CancellationToken.None)).ShouldBeOfType<LoadedModule>().Sections[".text"].ShouldBeGreaterThan(0xffff_8000_0000_0000);
    }

    [Fact]
    public async Task The_kernels_log_is_read_from_a_mark_on()
    {
        await _shell.RunAsync($"{_platform.MarkCommand("first mark")}; echo between > /dev/kmsg; {_platform.MarkCommand("second mark")}; echo after > /dev/kmsg", CancellationToken.None);

        var log = await _platform.ReadLogAsync("second mark", CancellationToken.None);

        // The kernel may have something of its own to say at any time.
        log.Where(line => new[] { "mark", "between", "after" }.Any(line.EndsWith)).ShouldHaveSingleItem().ShouldEndWith("after");
        (await _platform.ReadLogAsync("no such mark", CancellationToken.None)).ShouldContain(line => line.EndsWith("between"));
    }
}
