using KextDev.Guests;
using KextDev.Guests.Vmware;
using KextDev.Processes;

namespace KextDev.GuestTests.Guests.Vmware;

/// <summary>Machines that KextDev makes for VMware, booted from their own disks by the stand-in for vmrun: no key of the stand-in's own tells what to boot.</summary>
[Collection(GuestTurns.Name)]
public sealed class MachineCreationTests : IAsyncLifetime, IDisposable
{
    private readonly GuestPlace _place = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var vmx in Directory.EnumerateFiles(_place.State.Path, "*.vmx", SearchOption.AllDirectories))
        {
            await new HostCommand(StandInMachine.VmrunFile, "-T", "ws", "stop", vmx, "hard").TryRunAsync(CancellationToken.None);
        }
    }

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task A_machine_with_the_embedded_system_boots_and_so_does_its_linked_clone()
    {
        var original = Define("box", $"\"recipe\": \"debian-cloud\", \"init\": \"{GuestPlace.Embedded.InitFile}\"");
        (await CreateAsync(original)).ShouldContain("boots Debian's cloud kernel");
        await using (var guest = GuestFactory.Create(original, _place.Site))
        {
            var endpoint = await guest.StartAsync(CancellationToken.None);
            (await RunAsync(endpoint, "uname -s; ls /sys/bus/pci/drivers/vmxnet3 | grep -c 0000")).ShouldBe("Linux\n1\n");
            (await File.ReadAllTextAsync(((ISerialConsole)guest).ConsoleFile)).ShouldContain("KEXTDEV READY");
            _place.Notes.ShouldNotContain(note => note.Contains("more than once", StringComparison.Ordinal));
        }

        await using (var guest = GuestFactory.Create(original, _place.Site))
        {
            await ((ISnapshots)guest).TakeSnapshotAsync("clean", CancellationToken.None);
        }

        var clone = Define("twin", $"\"recipe\": \"debian-cloud\", \"base\": \"{original.VmxFile}\", \"baseSnapshot\": \"clean\"");
        (await CreateAsync(clone)).ShouldContain("linked clone");
        await using (var twin = GuestFactory.Create(clone, _place.Site))
        {
            (await RunAsync(await twin.StartAsync(CancellationToken.None), "uname -s")).ShouldBe("Linux\n");
            SizeOf(clone).ShouldBeLessThan(SizeOf(original) / 4);
        }

        // Its console's file with it: another may be made in its place.
        await GuestFactory.Deletion(clone, _place.Site)!.DeleteAsync(CancellationToken.None);
        Directory.Exists(Path.GetDirectoryName(clone.VmxFile)).ShouldBeFalse();
        (await CreateAsync(clone)).ShouldContain("linked clone");
    }

    [Fact]
    public async Task A_disk_is_copied_whole_and_itself_left_as_it_was()
    {
        var disk = Path.Combine(_place.State.Path, "mac.qcow2");
        await new HostCommand("qemu-img", "create", "-q", "-f", "qcow2", disk, "100M").RunAsync(CancellationToken.None);
        await new HostCommand("qemu-io", "-f", "qcow2", "-c", "write -P 7 5M 3M", disk).RunAsync(CancellationToken.None);
        var before = await File.ReadAllBytesAsync(disk);
        var definition = Define("mac", "\"disk\": \"mac.qcow2\", \"hostKey\": \"learn\", \"release\": \"10.13\", \"memory\": 4096", "darwin");

        await CreateAsync(definition);

        var vmx = VmxFile.Read(definition.VmxFile);
        vmx.Get("guestOS").ShouldBe("darwin17-64");
        vmx.Get("memsize").ShouldBe("4096");
        vmx.Get("ethernet0.virtualDev").ShouldBe("e1000e");
        vmx.IsOn("smc.present").ShouldBeTrue();
        vmx.Get("serial0.fileType").ShouldBe("file");
        vmx.RepeatedNames.ShouldBeEmpty();
        var copy = vmx.GetPath("sata0:0.fileName", Path.GetDirectoryName(definition.VmxFile)!)!;
        await new HostCommand("qemu-img", "compare", "-f", "qcow2", "-F", "vmdk", disk, copy).RunAsync(CancellationToken.None);
        (await File.ReadAllBytesAsync(disk)).ShouldBe(before);
        Directory.GetFileSystemEntries(_place.State.Path, "*.unfinished").ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_that_exists_is_overwritten()
    {
        var definition = Define("mac", "\"disk\": \"mac.raw\", \"hostKey\": \"learn\", \"memory\": 4096", "darwin");
        Directory.CreateDirectory(Path.GetDirectoryName(definition.VmxFile)!);
        await File.WriteAllTextAsync(definition.VmxFile, "displayName = \"a person's own\"\n");

        var message = (await Should.ThrowAsync<InfrastructureException>(CreateAsync(definition))).Message;

        message.ShouldContain("exists already, with a machine in it");
        message.ShouldContain("VmDelete --guest mac");
        (await File.ReadAllTextAsync(definition.VmxFile)).ShouldContain("a person's own");
    }

    [Theory]
    [InlineData("\"disk\": \"gone.vmdk\", \"memory\": 4096", "gone.vmdk does not exist")]
    [InlineData("\"disk\": \"mac.json\", \"memory\": 4096", "format of the disk")]
    [InlineData("\"disk\": \"mac.raw\"", "Give it 2048 or more by \"memory\"")]
    [InlineData("\"base\": \"gone.vmx\"", "Correct \"base\"")]
    [InlineData("\"memory\": 4096", "by \"disk\"")]
    public async Task What_is_missing_is_told_and_nothing_is_left_of_the_machine(string keys, string expected)
    {
        var definition = Define("mac", $"{keys}, \"hostKey\": \"learn\"", "darwin");

        (await Should.ThrowAsync<InfrastructureException>(CreateAsync(definition))).Message.ShouldContain(expected);

        Directory.GetFileSystemEntries(_place.State.Path, "mac.vmwarevm*").ShouldBeEmpty();
    }

    private Task<string> CreateAsync(GuestDefinition definition) => GuestFactory.Creation(definition, _place.Site)!.CreateAsync(CancellationToken.None);

    private async Task<string> RunAsync(GuestEndpoint endpoint, string command) =>
        (await Ssh.Command(_place, endpoint, command).RunAsync(CancellationToken.None)).Output;

    private static long SizeOf(GuestDefinition definition) =>
        Directory.EnumerateFiles(Path.GetDirectoryName(definition.VmxFile)!, "*.vmdk").Sum(file => new FileInfo(file).Length);

    private GuestDefinition Define(string name, string keys, string platform = "linux")
    {
        var file = Path.Combine(_place.State.Path, $"{name}.json");
        File.WriteAllText(
            file,
            $$"""
            {
              "driver": "vmware", "platform": "{{platform}}", "vmx": "{{name}}.vmwarevm/{{name}}.vmx", "vmrun": "{{StandInMachine.VmrunFile}}",
              "port": 2222, "startLimit": 300, {{keys}}
            }
            """);
        return GuestDefinition.Read(file);
    }
}
