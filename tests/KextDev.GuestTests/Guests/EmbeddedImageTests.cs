using KextDev.Guests;
using KextDev.Guests.Debian;
using KextDev.Guests.Images;
using KextDev.Processes;

namespace KextDev.GuestTests.Guests;

public sealed class EmbeddedImageTests : IDisposable
{
    private readonly GuestPlace _place = new(ownCache: true);

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Is_made_once_and_the_same_each_time()
    {
        var first = await MakeAsync(GuestPlace.Embedded);
        var bytes = await File.ReadAllBytesAsync(first.Initrd);
        _place.Notes.Clear();
        (await MakeAsync(GuestPlace.Embedded)).ShouldBe(first);
        _place.Notes.ShouldBeEmpty();

        File.Delete(first.Initrd);
        (await MakeAsync(GuestPlace.Embedded)).ShouldBe(first);

        (await File.ReadAllBytesAsync(first.Initrd)).SequenceEqual(bytes).ShouldBeTrue();
        Directory.GetFiles(Path.GetDirectoryName(first.Initrd)!).ShouldBe([first.Initrd]);
    }

    [Fact]
    public async Task Is_made_again_when_it_was_cut_short()
    {
        var image = await MakeAsync(GuestPlace.Embedded);
        var bytes = await File.ReadAllBytesAsync(image.Initrd);
        await File.WriteAllBytesAsync(image.Initrd, bytes[..(bytes.Length / 2)]);

        await MakeAsync(GuestPlace.Embedded);

        (await File.ReadAllBytesAsync(image.Initrd)).SequenceEqual(bytes).ShouldBeTrue();
    }

    [Fact]
    public async Task Another_init_script_makes_another_image()
    {
        var one = await MakeAsync(GuestPlace.Embedded);
        var other = await MakeAsync(_place.WithInit("#!/bin/sh\n"));

        other.Key.ShouldNotBe(one.Key);
        other.Initrd.ShouldNotBe(one.Initrd);
        other.Kernel.ShouldBe(one.Kernel);
    }

    [Fact]
    public async Task Can_be_read_by_the_cpio_of_busybox()
    {
        var image = await MakeAsync(GuestPlace.Embedded);
        var busybox = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(image.Kernel))!, "bin/busybox");

        var listing = await new HostCommand(busybox, "cpio", "-t", "-v", "-F", image.Initrd).RunAsync(CancellationToken.None);

        var lines = listing.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.ShouldContain(line => line.StartsWith("-rwxr-xr-x", StringComparison.Ordinal) && line.EndsWith(" init", StringComparison.Ordinal));
        lines.ShouldContain(line => line.StartsWith("-rw-------", StringComparison.Ordinal) && line.EndsWith("root/.ssh/authorized_keys", StringComparison.Ordinal));
        lines.ShouldContain(line => line.StartsWith("lrwxrwxrwx", StringComparison.Ordinal) && line.EndsWith("bin/sh -> /bin/busybox", StringComparison.Ordinal));
        lines.ShouldNotContain(line => line[0] == 'c' || line[0] == 'b', "device nodes take root to make");
    }

    [Fact]
    public async Task A_Darwin_guest_has_macOSs_commands_where_macOS_has_them_and_no_others_of_their_names()
    {
        var image = await MakeAsync(GuestDefinition.Find("embedded-darwin", Path.Combine(GuestPlace.Root, "vm")));
        var busybox = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(image.Kernel))!, "bin/busybox");

        var listing = await new HostCommand(busybox, "cpio", "-t", "-F", image.Initrd).RunAsync(CancellationToken.None);

        var paths = listing.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var path in (string[])["sbin/kextload", "usr/sbin/kextstat", "usr/bin/kmutil", "usr/sbin/sysctl", "sbin/dmesg", "usr/bin/uname", "sbin/reboot"])
        {
            paths.Where(other => Path.GetFileName(other) == Path.GetFileName(path)).ShouldBe([path]);
        }

        paths.ShouldContain("usr/sbin/kexthost");
        (await MakeAsync(GuestPlace.Embedded)).Key.ShouldNotBe(image.Key);
    }

    [Fact]
    public async Task Keys_are_made_once_and_are_their_owners_alone()
    {
        var folder = Path.Combine(_place.State.Path, "fresh-keys");
        var keys = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => GuestKeys.GetAsync(folder, _place.Notes.Enqueue, CancellationToken.None)));

        keys.Distinct().ShouldHaveSingleItem();
        foreach (var key in new[] { keys[0].ClientKey, keys[0].HostKey })
        {
            File.GetUnixFileMode(key).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var derived = await new HostCommand("ssh-keygen", "-y", "-f", key).RunAsync(CancellationToken.None);
            derived.Output.ShouldStartWith(key == keys[0].HostKey ? keys[0].HostPublicKey : keys[0].ClientPublicKey);
        }

        Directory.GetFiles(folder, "*.unfinished*").ShouldBeEmpty();
    }

    private async Task<BootImage> MakeAsync(GuestDefinition definition)
    {
        var packages = new PackageCache(_place.State.Cache, _place.Notes.Enqueue);
        var selection = await packages.GetSelectionAsync(refresh: false, CancellationToken.None);
        var keys = await GuestKeys.GetAsync(_place.State.Keys, _place.Notes.Enqueue, CancellationToken.None);
        return await new EmbeddedImage(_place.State.Cache, packages, _place.Notes.Enqueue).GetAsync(selection, keys, definition, CancellationToken.None);
    }
}
