using KextDev.Guests;
using KextDev.Guests.Debian;
using KextDev.Guests.Images;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Guests.Vmware;
using KextDev.GuestTests.Provisioning;
using KextDev.Processes;

namespace KextDev.GuestTests.Debugging;

/// <summary>A machine of VMware's with Debian on its disk, which the disk's own GRUB starts; its first start sets it up for a user who is not root.</summary>
internal static class GrubMachine
{
    private const int PartitionStart = 1 << 20;
    private const int DiskSize = 192 << 20;

    private static readonly string[] GrubPackages = ["grub-common", "grub2-common", "gettext-base", "libdevmapper1.02.1", "libudev1", "libefiboot1", "libefivar1", "libfreetype6"];

    private static string ProvisionScripts => Path.Combine(GuestPlace.Root, "vm", "provision");

    /// <returns>The machine, and its definition.</returns>
    public static async Task<(StandInMachine Machine, GuestDefinition Definition)> CreateAsync(GuestPlace place)
    {
        string Local(string name) => Path.Combine(place.State.Path, name);
        foreach (var key in (string[])["host_key", "client_key"])
        {
            await new HostCommand("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", Local(key)).RunAsync(CancellationToken.None);
        }

        var machine = await StandInMachine.CreateAsync(place, "grub", vmdk => MakeDiskAsync(place, vmdk));
        var hostKey = (await File.ReadAllTextAsync(Local("host_key.pub"))).Split(' ');
        await File.WriteAllTextAsync(
            Local("grub.json"),
            $$"""
            {
              "driver": "vmware", "platform": "linux", "vmx": "grub.vmwarevm/grub.vmx", "vmrun": "{{StandInMachine.VmrunFile}}", "port": 2222, "startLimit": 120,
              "user": "{{DebianRoot.Administrator}}", "key": "client_key", "hostKey": "{{hostKey[0]}} {{hostKey[1]}}"
            }
            """);
        return (machine, GuestDefinition.Read(Local("grub.json")));
    }

    private static async Task MakeDiskAsync(GuestPlace place, string vmdk)
    {
        var packages = new PackageCache(place.State.Cache, place.Notes.Enqueue);
        var selection = await packages.GetSelectionAsync(refresh: false, CancellationToken.None);
        var guest = await packages.GetRootAsync(selection.Guest, CancellationToken.None);
        var root = Directory.CreateDirectory(Path.Combine(place.State.Path, "debian")).FullName;
        var archive = await DebianRoot.MakeAsync(place.State.Path, Path.Combine(place.State.Path, "host_key"), GrubPackages);
        await new HostCommand("tar", "-xf", archive, "-C", root).RunAsync(CancellationToken.None);
        await AddSystemAsync(root, guest, await File.ReadAllTextAsync(Path.Combine(place.State.Path, "client_key.pub")));
        AddBoot(root, guest, selection.KernelRelease);

        var raw = Path.ChangeExtension(vmdk, ".raw");
        var core = raw + ".core";
        await new HostCommand(
            BootDisk.CoreProgram, "-O", "i386-pc", "-d", Path.GetDirectoryName(BootDisk.FirstSectorFile)!, "-p", "(hd0,msdos1)/boot/grub", "-o", core, "biosdisk", "part_msdos", "ext2", "normal")
            .RunAsync(CancellationToken.None);
        await using (var disk = new FileStream(raw, FileMode.CreateNew, FileAccess.Write))
        {
            disk.SetLength(DiskSize);
            disk.Write(BootDisk.FirstSector(await File.ReadAllBytesAsync(BootDisk.FirstSectorFile), DiskSize));
            disk.Write(await File.ReadAllBytesAsync(core));
        }

        await new HostCommand("/sbin/mke2fs", "-q", "-F", "-t", "ext3", "-d", root, "-E", $"offset={PartitionStart}", raw, $"{(DiskSize - PartitionStart) >> 10}k").RunAsync(CancellationToken.None);
        await VirtualDisk.CopyToVmdkAsync(raw, vmdk, CancellationToken.None);
        File.Delete(raw);
        Directory.Delete(root, recursive: true);
    }

    // Debian's own programs under busybox's init, which ends what runs before it restarts.
    private static async Task AddSystemAsync(string root, string guest, string publicKey)
    {
        File.Copy(Path.Combine(guest, "bin", "busybox"), Path.Combine(root, "bin", "busybox"));
        Directory.CreateDirectory(Path.Combine(root, "sys"));
        Directory.CreateDirectory(Path.Combine(root, "sbin"));
        File.CreateSymbolicLink(Path.Combine(root, "sbin", "init"), "/bin/busybox");
        Program("sbin/shutdown", "case $1 in -r) exec /bin/busybox reboot ;; *) exec /bin/busybox poweroff ;; esac\n");
        await File.WriteAllTextAsync(Path.Combine(root, "etc", "inittab"), "::sysinit:/etc/rcS\n::respawn:/usr/sbin/sshd -D\n::shutdown:/bin/busybox umount -a -r\n");
        foreach (var script in (string[])["steps.sh", "linux.sh"])
        {
            File.Copy(Path.Combine(ProvisionScripts, script), Path.Combine(root, "root", script));
        }

        Program(
            "etc/rcS",
            $"""
            export PATH=/usr/sbin:/usr/bin:/sbin:/bin
            mkdir -p /dev/pts /run/sshd; /bin/busybox mount -t proc proc /proc; /bin/busybox mount -t sysfs sysfs /sys; /bin/busybox mount -t devpts devpts /dev/pts; /bin/busybox mount -o remount,rw /
            /bin/busybox ifconfig lo 127.0.0.1; /bin/busybox ifconfig eth0 10.0.2.15 netmask 255.255.255.0; hostname -F /etc/hostname
            if [ ! -e /root/done ]; then
              [ "$(stat -c %u /etc)" = 0 ] || chown -R 0:0 /bin /sbin /lib /lib64 /usr /etc /root /boot /home; chmod 4755 /usr/bin/sudo; chmod 440 /etc/sudoers; chmod 600 /etc/shadow /etc/ssh/host_key; chmod 1777 /tmp
              chown -R 1000:1000 /home/me
              sh /root/linux.sh --user me --sudo me --key '{publicKey.Trim()}' --vmware
              touch /root/done
            fi
            date

            """);

        void Program(string path, string script)
        {
            var file = Path.Combine(root, path);
            File.WriteAllText(file, "#!/bin/sh\n" + script);
            File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
        }
    }

    private static void AddBoot(string root, string guest, string release)
    {
        var boot = Path.Combine(root, "boot");
        var grub = Directory.CreateDirectory(Path.Combine(boot, "grub", "i386-pc")).FullName;
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(BootDisk.FirstSectorFile)!).Where(file => Path.GetExtension(file) is ".mod" or ".lst"))
        {
            File.Copy(file, Path.Combine(grub, Path.GetFileName(file)));
        }

        // Of what makes its menu, the part that knows the kernels; the others look for fonts, Xen and other systems, for seconds each.
        foreach (var part in Directory.GetFiles(Path.Combine(root, "etc", "grub.d")).Where(part => Path.GetFileName(part) != "10_linux"))
        {
            File.Delete(part);
        }

        var header = Path.Combine(root, "etc", "grub.d", "00_header");
        File.WriteAllText(header, "#!/bin/sh\necho set timeout=0\n");
        File.SetUnixFileMode(header, (UnixFileMode)0b111_101_101);

        File.Copy(Path.Combine(guest, "boot", "vmlinuz-" + release), Path.Combine(boot, "vmlinuz-" + release));
        var initrd = new CpioArchive();
        initrd.AddFile("bin/busybox", File.ReadAllBytes(Path.Combine(guest, "bin", "busybox")), "755");
        foreach (var folder in (string[])["dev", "mnt"])
        {
            initrd.AddFolder(folder);
        }

        var modules = new KernelModules(Path.Combine(guest, "lib", "modules", release)).InLoadOrder(["virtio_pci", "virtio_net", "virtio_blk"]);
        foreach (var module in modules)
        {
            initrd.AddFile(Path.GetFileName(module), File.ReadAllBytes(module));
        }

        initrd.AddText(
            "init",
            $"""
            #!/bin/busybox sh
            for module in {string.Join(' ', modules.Select(Path.GetFileName))}; do /bin/busybox insmod /$module; done
            /bin/busybox mount -t devtmpfs devtmpfs /dev
            until /bin/busybox mount -t ext3 /dev/vda1 /mnt; do /bin/busybox sleep 0.1; done
            /bin/busybox mount -o move /dev /mnt/dev
            exec /bin/busybox switch_root -c /dev/console /mnt /sbin/init

            """,
            "755");
        using (var file = File.Create(Path.Combine(boot, "initrd.img-" + release)))
        {
            initrd.WriteTo(file);
        }

        const string Arguments = "console=ttyS0 panic=-1 machine=somebodys";
        File.WriteAllText(Path.Combine(boot, "grub", "grub.cfg"), $"linux /boot/vmlinuz-{release} root=/dev/vda1 ro {Arguments}\ninitrd /boot/initrd.img-{release}\nboot\n");
        Directory.CreateDirectory(Path.Combine(root, "etc", "default"));
        File.WriteAllText(
            Path.Combine(root, "etc", "default", "grub"),
            $"GRUB_DISABLE_RECOVERY=true\nGRUB_CMDLINE_LINUX=\"{Arguments}\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
    }
}
