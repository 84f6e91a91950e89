namespace KextDev.Guests.Vmware;

/// <summary>The file that a machine's serial port is written to.</summary>
internal static class SerialConsole
{
    private const int Ports = 4;

    /// <summary>Full path, of the first serial port that goes to a file; null when none does.</summary>
    /// <param name="folder">Of the .vmx file.</param>
    public static string? FileOf(VmxFile vmx, string folder) =>
        Enumerable.Range(0, Ports)
            .Where(port => vmx.IsOn($"serial{port}.present") && string.Equals(vmx.Get($"serial{port}.fileType"), "file", StringComparison.OrdinalIgnoreCase))
            .Select(port => vmx.GetPath($"serial{port}.fileName", folder))
            .FirstOrDefault(file => file is not null);

    /// <summary>VMware goes on writing at a file's end: what an earlier start printed is moved aside, so that nobody takes its panic for a new one.</summary>
    public static void BeginAnew(string file)
    {
        if (File.Exists(file))
        {
            File.Move(file, Previous(file), overwrite: true);
        }

        File.Create(file).Dispose();
    }

    /// <summary>Deletes the file, and what was moved aside.</summary>
    public static void Delete(string file)
    {
        File.Delete(file);
        File.Delete(Previous(file));
    }

    private static string Previous(string file) => file + ".previous";
}
