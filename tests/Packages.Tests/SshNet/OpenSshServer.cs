using System.Diagnostics;

namespace Packages.Tests.SshNet;

/// <summary>OpenSSH's sshd.</summary>
public sealed class OpenSshServer : SshServer
{
    /// <summary>Root's sshd wants this folder for its unprivileged part; the path is compiled in. A container may not give it a mount of its own.</summary>
    private const string PrivilegeSeparation = "/run/sshd";

    public OpenSshServer() => Start();

    protected override ProcessStartInfo Command(int port)
    {
        var root = ServerPackages.Root;
        var configuration = Path.Combine(Folder, "sshd_config");
        File.WriteAllText(configuration, $"""
            ListenAddress {Host}
            Port {port}
            HostKey {Folder}/host-key
            AuthorizedKeysFile {Folder}/authorized_keys
            PidFile none
            UsePAM no
            StrictModes no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin prohibit-password
            MaxStartups 100
            Subsystem sftp {root}/usr/lib/openssh/sftp-server
            """);
        var start = new ProcessStartInfo($"{root}/usr/sbin/sshd", ["-D", "-e", "-f", configuration])
        {
            Environment = { ["LD_LIBRARY_PATH"] = ServerPackages.Libraries },
        };
        if (Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory(PrivilegeSeparation, (UnixFileMode)0b111_101_101);
            var accounts = File.ReadAllText("/etc/passwd") + "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n";
            ServerPackages.WrapAccounts(start, Folder, accounts, File.ReadAllText("/etc/group"));
        }

        return start;
    }
}
