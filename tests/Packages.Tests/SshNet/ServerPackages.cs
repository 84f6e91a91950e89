using System.Diagnostics;

namespace Packages.Tests.SshNet;

/// <summary>SSH servers from Debian packages, unpacked into the checkout's cache and never installed.</summary>
internal static class ServerPackages
{
    private static readonly string[] _packages =
        ["openssh-server", "openssh-sftp-server", "libwrap0", "dropbear-bin", "libtomcrypt1", "libtommath1", "libnss-wrapper"];

    private static readonly Lazy<string> _root = new(Unpack);

    /// <summary>The folder that stands for / in the packages.</summary>
    public static string Root => _root.Value;

    /// <summary>Where the packages' libraries are.</summary>
    public static string Libraries =>
        string.Join(':', Directory.EnumerateFiles(Root, "*.so.*", SearchOption.AllDirectories).Select(Path.GetDirectoryName).Distinct(StringComparer.Ordinal));

    /// <summary>Gives a server other accounts than the system's, which stay as they are.</summary>
    /// <param name="passwd">As in /etc/passwd; of two accounts of a name the first one counts.</param>
    /// <param name="group">As in /etc/group.</param>
    public static void WrapAccounts(ProcessStartInfo server, string folder, string passwd, string group)
    {
        server.Environment["LD_PRELOAD"] = Directory.GetFiles(Root, "libnss_wrapper.so*", SearchOption.AllDirectories)[0];
        foreach (var (kind, text) in (IEnumerable<(string, string)>)[("passwd", passwd), ("group", group)])
        {
            var file = Path.Combine(folder, kind);
            File.WriteAllText(file, text);
            server.Environment[$"NSS_WRAPPER_{kind.ToUpperInvariant()}"] = file;
        }
    }

    private static string Repository
    {
        get
        {
            for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "KextDev.slnx")))
                {
                    return folder;
                }
            }

            throw new InvalidOperationException($"{AppContext.BaseDirectory} is not inside a checkout: no KextDev.slnx above it.");
        }
    }

    private static string Unpack()
    {
        var cache = Directory.CreateDirectory(Path.Combine(Repository, ".kextdev", "cache")).FullName;
        var root = Path.Combine(cache, "test-ssh-servers");
        if (Directory.Exists(root))
        {
            return root;
        }

        // Made aside and moved when whole: another test process may do the same at this moment, and either result serves.
        var part = Directory.CreateDirectory(Path.Combine(cache, $"test-ssh-servers.{Environment.ProcessId}")).FullName;
        try
        {
            Run(part, "apt-get", ["download", .. _packages]);
            foreach (var package in Directory.GetFiles(part, "*.deb"))
            {
                Run(part, "dpkg-deb", ["-x", package, Path.Combine(part, "root")]);
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

    private static void Run(string folder, string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed with exit code {process.ExitCode}: {output}");
        }
    }
}
