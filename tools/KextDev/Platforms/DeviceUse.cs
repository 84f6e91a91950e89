using System.Globalization;

namespace KextDev.Platforms;

/// <summary>A process that has a device open, or mapped: its extension cannot go meanwhile.</summary>
/// <param name="Program">As the guest names it: a guest's text.</param>
/// <param name="Device">Path of the device's node.</param>
public sealed record DeviceUse(long Process, string Program, string Device)
{
    private const int MostTold = 10;

    // The kernel's own devices, which every system has open: they keep no extension.
    private static readonly string[] Common = ["null", "zero", "full", "random", "urandom", "kmsg", "klog", "console", "ptmx", "autofs_nowait", "dtracehelper", "oslog_stream"];
    private static readonly string[] CommonStarts = ["tty", "pts/", "ttys", "pty", "fd/", "shm/", "bpf", "disk", "rdisk", "cu."];

    /// <summary>Whether a path is that of a device which an extension may have made.</summary>
    public static bool IsSpecial(string path)
    {
        const string Folder = "/dev/";
        return path.StartsWith(Folder, StringComparison.Ordinal)
            && path[Folder.Length..] is var name
            && !Common.Contains(name)
            && !CommonStarts.Any(start => name.StartsWith(start, StringComparison.Ordinal));
    }

    /// <summary>"process 123 (daemon) has /dev/sample open, ..."; empty for none.</summary>
    /// <param name="extension">Devices whose names have its name in them come first.</param>
    public static string Describe(IEnumerable<DeviceUse> uses, string extension)
    {
        var told = uses.Distinct()
            .OrderByDescending(use => use.Device.Contains(extension, StringComparison.OrdinalIgnoreCase)).ThenBy(use => use.Process)
            .Take(MostTold)
            .Select(use => string.Create(CultureInfo.InvariantCulture, $"process {use.Process} ({use.Program}) has {use.Device} open"));
        return string.Join(", ", told);
    }
}
