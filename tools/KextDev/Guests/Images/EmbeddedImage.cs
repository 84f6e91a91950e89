using System.Security.Cryptography;
using System.Text;
using KextDev.Guests.Debian;
using KextDev.Processes;

namespace KextDev.Guests.Images;

/// <summary>Makes the initramfs that is the embedded guest's whole system, and keeps it under a name made of all that goes into it.</summary>
public sealed class EmbeddedImage(string cacheFolder, PackageCache packages, Note note)
{
    /// <summary>Goes up when the code below would make another archive of the same inputs.</summary>
    private const string Format = "3";

    private const string Loader = "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";

    /// <summary>Loaded by init in the order of need: the network card, then the device that tells the hypervisor of a panic.</summary>
    private static readonly string[] QemuModules = ["virtio_pci", "virtio_net", "pvpanic-mmio", "pvpanic-pci"];

    private static readonly string[] VmwareModules = ["vmxnet3"];

    private static readonly GuestProgram[] Programs = [RenewProgram.Program, PulseProgram.Program];

    private static readonly string[] Libraries =
    [
        "libc.so.6", "libcrypt.so.1", "libtomcrypt.so.1", "libtommath.so.1", "libgmp.so.10", "libz.so.1", "libutil.so.1",
    ];

    /// <summary>Called by udhcpc with what a DHCP server gave out, in variables; init calls that where the network is not QEMU's.</summary>
    private const string LeaseScript = """
        #!/bin/sh
        case $1 in
        bound | renew)
          ifconfig "$interface" "$ip" netmask "${subnet:-255.255.255.0}" up
          [ -z "$router" ] || route add default gw "${router%% *}"
          ;;
        esac

        """;

    public async Task<BootImage> GetAsync(PackageSelection selection, GuestKeys keys, GuestDefinition definition, CancellationToken cancellationToken)
    {
        var init = await File.ReadAllTextAsync(definition.InitFile, cancellationToken);
        var darwin = definition.KextHostFolder is { } sources ? await DarwinUserland.MakeAsync(sources, cacheFolder, note, cancellationToken) : null;
        var root = await packages.GetRootAsync(selection.Guest, cancellationToken);
        var modules = definition.Driver == GuestDriver.Vmware ? VmwareModules : QemuModules;
        var key = KeyOf([Format, .. modules, .. selection.Guest.Select(package => package.Sha256), init, keys.ClientPublicKey, keys.HostPublicKey, darwin?.Key ?? "", .. Programs.Select(program => program.Source)]);
        var images = Path.Combine(cacheFolder, "images");
        var kernel = Path.Combine(root, "boot", "vmlinuz-" + selection.KernelRelease);
        var image = new BootImage(kernel, Path.Combine(images, key + ".cpio"), selection.KernelRelease, key);
        if (!CpioArchive.IsWhole(image.Initrd))
        {
            note("Making the guest's image.");
            var archive = await BuildAsync(root, selection.KernelRelease, modules, keys, init, darwin, cancellationToken);
            AtomicFile.Write(image.Initrd, archive.WriteTo);
        }

        return image;
    }

    private static async Task<CpioArchive> BuildAsync(
        string root, string release, IEnumerable<string> modules, GuestKeys keys, string init, DarwinUserland? darwin, CancellationToken cancellationToken)
    {
        var archive = new CpioArchive();
        foreach (var folder in (string[])["dev", "mnt", "proc", "run", "sys", "usr/local/bin", "var/log", "var/run"])
        {
            archive.AddFolder(folder);
        }

        archive.AddFolder("tmp", "1777");
        archive.AddFolder("root", "700");
        archive.AddText("init", init, "755");
        AddSettings(archive);
        darwin?.AddTo(archive, root);
        AddModules(archive, Path.Combine(root, "lib/modules", release), release, modules);
        await AddProgramsAsync(archive, root, darwin?.Commands ?? [], cancellationToken);

        foreach (var program in Programs)
        {
            archive.AddFile(program.Path, await program.BuildAsync(cancellationToken), "755");
        }

        archive.AddFolder("root/.ssh", "700");
        archive.AddText("root/.ssh/authorized_keys", keys.ClientPublicKey + "\n", "600");
        archive.AddFile("etc/dropbear/dropbear_ed25519_host_key", await ConvertAsync(root, keys.HostKey, cancellationToken), "600");
        return archive;
    }

    private static void AddSettings(CpioArchive archive)
    {
        archive.AddText("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n");
        archive.AddText("etc/group", "root:x:0:\nnogroup:x:65534:\n");
        archive.AddText("etc/shadow", "root:*:1::::::\nnobody:*:1::::::\n", "600");
        archive.AddText("etc/shells", "/bin/sh\n");
        archive.AddText("etc/hostname", "guest\n");
        archive.AddText("etc/hosts", "127.0.0.1 localhost guest\n::1 localhost\n");
        archive.AddText("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n");
        archive.AddText("etc/udhcpc/default.script", LeaseScript, "755");
        archive.AddText("etc/inittab", "::ctrlaltdel:/bin/busybox poweroff -f\n");
    }

    private static void AddModules(CpioArchive archive, string folder, string release, IEnumerable<string> modules)
    {
        var order = new StringBuilder();
        foreach (var file in new KernelModules(folder).InLoadOrder(modules))
        {
            var path = $"lib/modules/{release}/{Path.GetFileName(file)}";
            archive.AddFile(path, File.ReadAllBytes(file));
            order.Append('/').Append(path).Append('\n');
        }

        archive.AddText("etc/modules", order.ToString());
    }

    private static async Task AddProgramsAsync(
        CpioArchive archive, string root, IReadOnlyCollection<string> otherCommands, CancellationToken cancellationToken)
    {
        void Copy(string path, string permissions) => archive.AddFile(path, File.ReadAllBytes(Path.Combine(root, path)), permissions);

        Copy("bin/busybox", "755");
        Copy("usr/sbin/dropbear", "755");
        Copy("usr/lib/openssh/sftp-server", "755");
        Copy(Loader, "755");
        archive.AddLink("usr/lib/sftp-server", "openssh/sftp-server");
        archive.AddLink("lib64/ld-linux-x86-64.so.2", "/" + Loader);
        foreach (var library in Libraries)
        {
            var folder = File.Exists(Path.Combine(root, "lib/x86_64-linux-gnu", library)) ? "lib/x86_64-linux-gnu/" : "usr/lib/x86_64-linux-gnu/";
            Copy(folder + library, "644");
        }

        var applets = await new HostCommand(Path.Combine(root, "bin/busybox"), "--list-full").RunAsync(cancellationToken);
        foreach (var applet in applets.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(applet => !archive.Contains(applet) && !otherCommands.Contains(Path.GetFileName(applet))))
        {
            archive.AddLink(applet, "/bin/busybox");
        }
    }

    // Run by the packages' own loader: the host's libraries may be others.
    private static async Task<byte[]> ConvertAsync(string root, string key, CancellationToken cancellationToken)
    {
        var converted = Path.Combine(Path.GetDirectoryName(key)!, $"{Path.GetFileName(key)}.{Guid.NewGuid():N}.unfinished");
        try
        {
            var libraries = $"{Path.Combine(root, "lib/x86_64-linux-gnu")}:{Path.Combine(root, "usr/lib/x86_64-linux-gnu")}";
            var converter = Path.Combine(root, "usr/bin/dropbearconvert");
            await new HostCommand(Path.Combine(root, Loader), "--library-path", libraries, converter, "openssh", "dropbear", key, converted)
                .RunAsync(cancellationToken);
            return await File.ReadAllBytesAsync(converted, cancellationToken);
        }
        finally
        {
            File.Delete(converted);
        }
    }

    private static string KeyOf(IEnumerable<string> parts)
    {
        // Each part hashed by itself: no two lists of parts give the same text.
        var hashes = parts.Select(part => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(part))));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', hashes))))[..16];
    }
}
