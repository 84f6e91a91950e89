using System.Security.Cryptography;
using System.Text;

namespace VmrunStandIn;

/// <summary>The machines that run on this host for this user.</summary>
internal static class Host
{
    /// <summary>Short, as sockets lie in it.</summary>
    private static string Folder => Path.Combine(Path.GetTempPath(), $"vmrun-stand-in-{Environment.UserName}");

    public static byte[] Hash(string vmx) => SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(vmx)));

    /// <param name="extension">Of a file that belongs to the machine while it runs.</param>
    public static string File(string vmx, string extension) => Path.Combine(Folder, $"{Convert.ToHexStringLower(Hash(vmx))[..16]}.{extension}");

    public static void Register(string vmx)
    {
        Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        System.IO.File.WriteAllText(File(vmx, "vmx"), Path.GetFullPath(vmx));
    }

    /// <summary>Forgets those whose QEMU is gone.</summary>
    public static IReadOnlyList<string> Running()
    {
        if (!Directory.Exists(Folder))
        {
            return [];
        }

        var running = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Folder, "*.vmx").Order(StringComparer.Ordinal))
        {
            try
            {
                var vmx = System.IO.File.ReadAllText(file);
                if (IsRunning(vmx))
                {
                    running.Add(vmx);
                }
            }
            catch (FileNotFoundException)
            {
                // Ended by another vmrun just now.
            }
        }

        return running;
    }

    public static bool IsRunning(string vmx)
    {
        try
        {
            // The number may be another process's by now, whose command line does not name the machine's own file.
            var pid = System.IO.File.ReadAllText(File(vmx, "pid")).Trim();
            return System.IO.File.ReadAllText($"/proc/{pid}/cmdline").Contains(File(vmx, "pid"), StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
