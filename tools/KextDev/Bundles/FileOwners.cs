using KextDev.Processes;

namespace KextDev.Bundles;

/// <summary>Asks the host who owns a bundle's files.</summary>
public static class FileOwners
{
    /// <summary>Prints what root:wheel (0:0) does not own. Numbers: Linux has no group wheel.</summary>
    public static HostCommand Command(string folder) =>
        new("find", Path.GetFullPath(folder), "(", "!", "-user", "0", "-o", "!", "-group", "0", ")", "-print0");

    /// <returns>Absolute paths.</returns>
    /// <exception cref="InfrastructureException">The folder cannot be walked.</exception>
    public static async Task<IReadOnlyList<string>> NotRootAsync(string folder, CancellationToken cancellationToken)
    {
        var result = await Command(folder).RunAsync(cancellationToken);
        return result.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }
}
