using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using KextDev.Guests.Debian;

namespace KextDev.GuestTests.Guests;

/// <summary>With the real apt and dpkg-deb, and packages of the checkout's own cache.</summary>
public sealed class PackageCacheTests : IDisposable
{
    private readonly GuestPlace _place = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-test-").FullName;
    private readonly ConcurrentQueue<string> _notes = new();
    private readonly PackageCache _cache;

    public PackageCacheTests() => _cache = new PackageCache(_folder, _notes.Enqueue);

    private string PackagesFolder => Directory.CreateDirectory(Path.Combine(_folder, "packages")).FullName;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _place.Dispose();
    }

    [Fact]
    public async Task Takes_what_it_has_without_asking_whether_the_archive_still_has_it()
    {
        var selection = new PackageSelection("1.2.3-gone", [Invent("no-such-package", "content")], []);
        Select(selection);

        var found = await _cache.GetSelectionAsync(refresh: false, CancellationToken.None);

        found.KernelRelease.ShouldBe("1.2.3-gone");
        _notes.ShouldBeEmpty();
    }

    [Fact]
    public async Task Downloads_again_what_was_cut_short()
    {
        var package = await BorrowAsync("busybox-static");
        Select(new PackageSelection("1", [package], []));
        var file = Path.Combine(PackagesFolder, package.FileName);
        await File.WriteAllBytesAsync(file, (await File.ReadAllBytesAsync(file))[..1000]);
        Directory.CreateDirectory(Path.Combine(PackagesFolder, "download.unfinished"));
        await File.WriteAllTextAsync(Path.Combine(PackagesFolder, "download.unfinished", package.FileName), "half");

        await _cache.GetSelectionAsync(refresh: false, CancellationToken.None);

        Sha256(file).ShouldBe(package.Sha256);
        Directory.GetFileSystemEntries(PackagesFolder, "*.unfinished").ShouldBeEmpty();
    }

    [Fact]
    public async Task Downloads_again_what_was_damaged_and_throws_away_a_half_unpacked_folder()
    {
        var package = await BorrowAsync("busybox-static");
        var file = Path.Combine(PackagesFolder, package.FileName);
        await using (var stream = File.OpenWrite(file))
        {
            stream.Position = 5000;
            stream.Write("damage"u8);
        }

        var root = await _cache.GetRootAsync([package], CancellationToken.None);
        _notes.ShouldContain(note => note.Contains("damaged", StringComparison.Ordinal));
        File.Exists(Path.Combine(root, "bin/busybox")).ShouldBeTrue();

        Directory.Move(root, root + ".unfinished");
        File.Delete(Path.Combine(root + ".unfinished", "bin/busybox"));
        await File.WriteAllTextAsync(Path.Combine(root + ".unfinished", "stray"), "");

        (await _cache.GetRootAsync([package], CancellationToken.None)).ShouldBe(root);
        File.Exists(Path.Combine(root, "bin/busybox")).ShouldBeTrue();
        File.Exists(Path.Combine(root, "stray")).ShouldBeFalse();
    }

    [Fact]
    public async Task Two_at_once_unpack_once()
    {
        var package = await BorrowAsync("dropbear-bin");

        var caches = Enumerable.Range(0, 4).Select(_ => new PackageCache(_folder, _notes.Enqueue));
        var roots = await Task.WhenAll(caches.Select(cache => cache.GetRootAsync([package], CancellationToken.None)));

        roots.Distinct().ShouldHaveSingleItem();
        _notes.Count(note => note.StartsWith("Unpacking", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_selection_that_cannot_be_read_is_made_again()
    {
        var borrowed = await new PackageCache(_place.State.Cache, _ => { }).GetSelectionAsync(refresh: false, CancellationToken.None);
        foreach (var package in borrowed.All)
        {
            File.Copy(Path.Combine(_place.State.Cache, "packages", package.FileName), Path.Combine(PackagesFolder, package.FileName));
        }

        await File.WriteAllTextAsync(Path.Combine(PackagesFolder, PackageCache.SelectionName), "{ \"kernelRel");

        var found = await _cache.GetSelectionAsync(refresh: false, CancellationToken.None);

        found.Guest.ShouldContain(package => package.Name == $"linux-image-{found.KernelRelease}");
        found.Headers.ShouldContain(package => package.Name == $"linux-headers-{found.KernelRelease}");
    }

    private async Task<DebianPackage> BorrowAsync(string name)
    {
        var selection = await new PackageCache(_place.State.Cache, _ => { }).GetSelectionAsync(refresh: false, CancellationToken.None);
        var package = selection.Guest.Single(package => package.Name == name);
        File.Copy(Path.Combine(_place.State.Cache, "packages", package.FileName), Path.Combine(PackagesFolder, package.FileName));
        return package;
    }

    private DebianPackage Invent(string name, string content)
    {
        var package = new DebianPackage(name, "1", "amd64", content.Length, "0");
        File.WriteAllText(Path.Combine(PackagesFolder, package.FileName), content);
        return package;
    }

    private void Select(PackageSelection selection) =>
        File.WriteAllText(Path.Combine(PackagesFolder, PackageCache.SelectionName), JsonSerializer.Serialize(selection, JsonSerializerOptions.Web));

    private static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
