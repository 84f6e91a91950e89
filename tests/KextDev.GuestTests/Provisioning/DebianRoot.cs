using KextDev.Processes;

namespace KextDev.GuestTests.Provisioning;

/// <summary>A Debian system with OpenSSH's server and sudo, as an archive: packages unpacked into the checkout's cache, with accounts and settings of its own.</summary>
internal static class DebianRoot
{
    public const string Folder = "/debian";
    public const string Administrator = "me";
    public const string Password = "correct-horse";

    private const string Name = "test-debian-1";

    private static readonly string[] Packages =
    [
        "dash", "coreutils", "diffutils", "findutils", "grep", "sed", "hostname", "procps", "libproc2-0", "libncursesw6", "libtinfo6", "sudo", "openssh-server",
        "openssh-sftp-server", "libc6", "libc-bin", "libcrypt1", "libpam0g", "libpam-modules", "libpam-modules-bin", "libaudit1", "libcap-ng0", "libselinux1",
        "libpcre2-8-0", "libsystemd0", "libgcrypt20", "libgpg-error0", "liblz4-1", "liblzma5", "libzstd1", "libcap2", "libwrap0", "libnsl2", "libtirpc3", "libkrb5-3",
        "libgssapi-krb5-2", "libk5crypto3", "libkrb5support0", "libkeyutils1", "libcom-err2", "libssl3", "zlib1g", "util-linux", "libacl1", "libattr1", "libgmp10", "libdb5.3",
    ];

    /// <summary>Run in the guest after the archive was unpacked there: puts this sshd in the place of the one that answers.</summary>
    public static string Start => $"""
        cd {Folder} && chmod 4755 usr/bin/sudo && chmod 440 etc/sudoers && chmod 600 etc/shadow etc/ssh/host_key && chmod 1777 tmp && chown -R 1000:1000 home/me &&
        mount -t proc proc proc && mount -o bind /dev dev && mount -o bind /dev/pts dev/pts &&
        kill $(cat /var/run/dropbear.pid) && chroot {Folder} /usr/sbin/sshd
        """;

    /// <param name="place">Where the archive is written to.</param>
    /// <param name="hostKey">Private key file of its server.</param>
    /// <param name="besides">More packages.</param>
    public static async Task<string> MakeAsync(string place, string hostKey, params string[] besides)
    {
        var cache = new StateFolder(Path.Combine(Guests.GuestPlace.Root, ".kextdev")).Cache;
        var root = await GetRootAsync(Path.Combine(cache, Name), Packages);
        var own = Path.Combine(place, "own");
        Write(own, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n");
        Write(own, "etc/group", "root:x:0:\nme:x:1000:\nnogroup:x:65534:\n");

        // crypt(3) of the password above.
        Write(own, "etc/shadow", "root:*:19000:0:99999:7:::\nme:$6$kextdev$hDlWFrd5O9PD26IbhSM/kHl9qo73oS4VTR.XBmEBH3eVBCDAF7OfvRLY5cc7CDAnRuFrPufpE1SYO9tUc0QP9.:19000:0:99999:7:::\nsshd:*:19000::::::\n");
        Write(own, "etc/hostname", "debian\n");
        Write(own, "etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n");
        Write(own, "etc/hosts", "127.0.0.1 localhost debian\n");
        Write(own, "etc/sudoers", "root ALL=(ALL:ALL) ALL\nme ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n");
        Write(own, "etc/pam.d/sudo", "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n");
        Write(own, "etc/ssh/sshd_config", "HostKey /etc/ssh/host_key\nPasswordAuthentication yes\nPermitRootLogin no\nUsePAM no\nSubsystem sftp /usr/lib/openssh/sftp-server\n");
        Write(own, "etc/ssh/host_key", await File.ReadAllTextAsync(hostKey));
        foreach (var folder in (string[])["bin", "proc", "dev", "tmp", "root", "home/me", "run/sshd", "var/log", "var/tmp"])
        {
            Directory.CreateDirectory(Path.Combine(own, folder));
        }

        File.CreateSymbolicLink(Path.Combine(own, "bin", "sh"), "dash");

        // What comes later in an archive replaces what came before.
        var archive = Path.Combine(place, "debian.tar");
        string[] more = besides.Length > 0 ? ["-C", await GetRootAsync(Path.Combine(cache, $"{Name}-{besides[0]}"), besides), "."] : [];
        await new HostCommand("tar", ["--owner=0", "--group=0", "--numeric-owner", "-cf", archive, "-C", root, ".", .. more, "-C", own, "."]).RunAsync(CancellationToken.None);
        return archive;
    }

    // Made aside and moved when whole: another test process may do the same at this moment, and either result serves.
    private static async Task<string> GetRootAsync(string root, string[] packages)
    {
        if (Directory.Exists(root))
        {
            return root;
        }

        var part = Directory.CreateDirectory($"{root}.{Environment.ProcessId}").FullName;
        try
        {
            await new HostCommand("apt-get", ["-q", "-o", "APT::Sandbox::User=root", "download", .. packages]) { WorkingDirectory = part }.RunAsync(CancellationToken.None);
            foreach (var package in Directory.GetFiles(part, "*.deb"))
            {
                await new HostCommand("dpkg-deb", "-x", package, Path.Combine(part, "root")).RunAsync(CancellationToken.None);
            }

            foreach (var useless in (string[])["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/lib/x86_64-linux-gnu/gconv"])
            {
                if (Path.Combine(part, "root", useless) is var folder && Directory.Exists(folder))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }

            Directory.Move(Path.Combine(part, "root"), root);
        }
        catch (IOException) when (Directory.Exists(root))
        {
            // The other process was first.
        }
        finally
        {
            Directory.Delete(part, recursive: true);
        }

        return root;
    }

    private static void Write(string folder, string path, string text)
    {
        var file = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
