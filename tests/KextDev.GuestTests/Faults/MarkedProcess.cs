using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace KextDev.GuestTests.Faults;

/// <summary>Processes found by a variable of their environment, which all that they start inherit.</summary>
internal static class MarkedProcess
{
    /// <param name="variable">NAME=VALUE.</param>
    public static IReadOnlyList<(int Id, string Command)> All(string variable) =>
    [
        .. from folder in Directory.EnumerateDirectories("/proc")
           let id = int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var number) ? number : 0
           where id > 0 && Read(folder, "environ").Split('\0').Contains(variable, StringComparer.Ordinal)
           select (id, Read(folder, "cmdline").Replace('\0', ' ').Trim()),
    ];

    /// <summary>SIGKILL.</summary>
    public static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // It ended by itself in between.
        }
    }

    // Empty for a process that is gone, or a zombie.
    private static string Read(string folder, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(folder, file)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
