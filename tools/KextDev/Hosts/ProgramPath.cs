namespace KextDev.Hosts;

/// <summary>Finds programs as a shell would.</summary>
public static class ProgramPath
{
    /// <summary>The full path of a program of PATH; null when there is none.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
