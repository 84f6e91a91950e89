using System.Diagnostics;

namespace Packages.Tests.SshNet;

/// <summary>OpenSSH's sshd.</summary>
public sealed class OpenSshServer : SshServer
{
    // Root's sshd wants a user and a folder for its unprivileged part: given in a mount namespace of its own, so that the system stays as it is.
    private const string AsRoot = """
        mount -t tmpfs none /run && mkdir -m 755 /run/sshd && cp /etc/passwd /run/passwd || exit 1
        getent passwd sshd >/dev/null || echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin' >>/run/passwd
        mount --bind /run/passwd /etc/passwd || exit 1
        exec "$@"
        """;

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
        string[] server = [$"{root}/usr/sbin/sshd", "-D", "-e", "-f", configuration];
        string[] whole = Environment.IsPrivilegedProcess ? ["unshare", "--mount", "/bin/sh", "-c", AsRoot, "sshd", .. server] : server;
        return new ProcessStartInfo(whole[0], whole[1..]) { Environment = { ["LD_LIBRARY_PATH"] = ServerPackages.Libraries } };
    }
}
