using KextDev.Guests;
using KextDev.Guests.Debian;
using KextDev.Guests.Images;
using KextDev.Guests.Vmware;
using KextDev.Processes;

namespace KextDev.GuestTests.Guests.Vmware;

/// <summary>A virtual machine as VMware keeps it, a folder with a .vmx file, in which the system of an embedded guest boots; the stand-in for vmrun runs it.</summary>
internal sealed class StandInMachine
{
    private const string KernelArguments = "console=ttyS0 quiet panic=-1 oops=panic nokaslr no_timer_check cryptomgr.notests=1";

    private readonly GuestPlace _place;
    private readonly GuestDefinition _system;

    private StandInMachine(GuestPlace place, GuestDefinition system, string vmx)
    {
        _place = place;
        _system = system;
        Vmx = vmx;
    }

    public static string VmrunFile { get; } = Path.Combine(AppContext.BaseDirectory, "vmrun");

    public string Vmx { get; }

    public string SerialFile => Path.Combine(Path.GetDirectoryName(Vmx)!, "serial0.log");

    public Vmrun Vmrun => new(new VmrunProgram(VmrunFile, VmwareProduct.Workstation), Vmx, new VmwarePasswords(ask: null), TimeProvider.System);

    /// <param name="system">The embedded guest whose image boots in it.</param>
    public static async Task<StandInMachine> CreateAsync(GuestPlace place, GuestDefinition system, string name = "box")
    {
        var packages = new PackageCache(place.State.Cache, place.Notes.Enqueue);
        var keys = await GuestKeys.GetAsync(place.State.Keys, place.Notes.Enqueue, CancellationToken.None);
        var selection = await packages.GetSelectionAsync(refresh: false, CancellationToken.None);
        var image = await new EmbeddedImage(place.State.Cache, packages, place.Notes.Enqueue).GetAsync(selection, keys, system, CancellationToken.None);
        return await WriteAsync(
            place,
            system,
            name,
            $"""
            svga.present = "TRUE"
            standIn.kernel = "{image.Kernel}"
            standIn.initrd = "{image.Initrd}"
            standIn.append = "{string.Join(' ', [KernelArguments, .. system.InitArguments])}"
            """);
    }

    /// <param name="makeDisk">Makes the machine's disk, a VMDK, at a path.</param>
    public static async Task<StandInMachine> CreateAsync(GuestPlace place, string name, Func<string, Task> makeDisk)
    {
        var machine = await WriteAsync(
            place,
            GuestPlace.Embedded,
            name,
            """
            scsi0:0.present = "TRUE"
            scsi0:0.fileName = "disk.vmdk"
            standIn.disk = "virtio-blk-pci"
            """);
        await makeDisk(Path.Combine(Path.GetDirectoryName(machine.Vmx)!, "disk.vmdk"));
        return machine;
    }

    public void Change(params IEnumerable<VmxChange> changes) => File.WriteAllBytes(Vmx, VmxFile.Read(Vmx).With(changes).ToBytes());

    /// <summary>Tells the stand-in how to misbehave; its README.md has the words.</summary>
    public void Behave(params string[] lines) => File.WriteAllLines(Vmx + ".behaviour", lines);

    /// <param name="keys">Of the definition, besides those that every such guest has: <c>, "key": value</c>.</param>
    public GuestDefinition Define(string keys = "")
    {
        var name = Path.GetFileNameWithoutExtension(Vmx);
        var file = Path.Combine(_place.State.Path, $"{name}.json");
        var kextHost = _system.KextHostFolder is { } folder ? $"\"kextHost\": \"{folder}\"," : "";
        File.WriteAllText(
            file,
            $$"""
            {
              "driver": "vmware", "platform": "{{_system.Platform.ToString().ToLowerInvariant()}}", "recipe": "debian-cloud", {{kextHost}}
              "vmx": "{{name}}.vmwarevm/{{name}}.vmx", "vmrun": "{{VmrunFile}}", "port": 2222{{keys}}
            }
            """);
        return GuestDefinition.Read(file);
    }

    public async Task<bool> IsRunningAsync() => await Vmrun.IsRunningAsync(CancellationToken.None);

    /// <summary>Whatever a failed test left running.</summary>
    public async Task EndAsync()
    {
        if (!File.Exists(Vmx))
        {
            return;
        }

        File.Delete(Vmx + ".behaviour");
        await new HostCommand(VmrunFile, "-T", "ws", "stop", Vmx, "hard").TryRunAsync(CancellationToken.None);
    }

    private static async Task<StandInMachine> WriteAsync(GuestPlace place, GuestDefinition system, string name, string settings)
    {
        var vmx = Path.Combine(Directory.CreateDirectory(Path.Combine(place.State.Path, $"{name}.vmwarevm")).FullName, $"{name}.vmx");
        await File.WriteAllTextAsync(
            vmx,
            $"""
            .encoding = "UTF-8"
            config.version = "8"
            virtualHW.version = "18"
            displayName = "{name}"
            guestOS = "debian12-64"
            memsize = "{system.Memory}"
            numvcpus = "2"
            {settings}
            # A card that the kernel in this machine has a driver for.
            standIn.nic = "virtio-net-pci"

            """);
        var machine = new StandInMachine(place, system, vmx);
        machine.Change([.. VmxChange.UnattendedStart, .. VmxChange.SerialConsole("serial0.log"), .. VmxChange.NetworkCard(NetworkCardModel.E1000e)]);
        return machine;
    }
}
