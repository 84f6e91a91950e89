using System.Diagnostics;
using System.Globalization;

namespace Packages.Tests.SshNet;

/// <summary>Dropbear, the server of the embedded guest. It knows one place for authorized keys, the home folder: a wrapper library gives it another home.</summary>
public sealed class DropbearServer : SshServer
{
    public DropbearServer() => Start();

    protected override ProcessStartInfo Command(int port)
    {
        var root = ServerPackages.Root;
        var home = Path.Combine(Folder, "home");
        Directory.CreateDirectory(Path.Combine(home, ".ssh"));
        File.Copy(Path.Combine(Folder, "authorized_keys"), Path.Combine(home, ".ssh", "authorized_keys"), overwrite: true);
        Run("chmod", "-R", "go-rwx", home);
        var id = Run("id", "-u").Trim();
        var group = Run("id", "-g").Trim();
        var hostKey = Path.Combine(Folder, "dropbear-host-key");
        if (!File.Exists(hostKey))
        {
            using var convert = Process.Start(WithLibraries($"{root}/usr/bin/dropbearconvert", "openssh", "dropbear", Path.Combine(Folder, "host-key"), hostKey))!;
            convert.WaitForExit();
            convert.ExitCode.ShouldBe(0);
        }

        var address = string.Create(CultureInfo.InvariantCulture, $"{Host}:{port}");
        var start = WithLibraries($"{root}/usr/sbin/dropbear", "-F", "-E", "-s", "-p", address, "-r", hostKey, "-P", Path.Combine(Folder, "pid"));
        ServerPackages.WrapAccounts(start, Folder, $"{User}:x:{id}:{group}::{home}:/bin/sh\n", $"{User}:x:{group}:\n");
        return start;
    }

    private static ProcessStartInfo WithLibraries(string program, params string[] arguments) =>
        new(program, arguments) { Environment = { ["LD_LIBRARY_PATH"] = ServerPackages.Libraries }, UseShellExecute = false, RedirectStandardError = true };
}
