using KextDev.Processes;

namespace KextDev.Hosts;

/// <summary>Makes a Debian host ready: looks at what is there, and lets apt install what is missing, where this user may.</summary>
/// <param name="note">Told what is missing and what is done.</param>
public sealed class HostReadiness(IReadOnlyList<HostNeed> needs, Note note)
{
    private const string ListsFolder = "/var/lib/apt/lists";

    /// <summary>Looks at files alone: takes no time worth mentioning, and changes nothing.</summary>
    public IReadOnlyList<HostNeed> Missing() => [.. needs.Where(need => !need.IsMet)];

    /// <summary>The command to type where this program may not install: complete, in one line.</summary>
    public static string CommandFor(IEnumerable<HostNeed> missing) =>
        $"sudo apt-get update && sudo apt-get install -y --no-install-recommends {string.Join(' ', Packages(missing))}";

    /// <summary>Installs what is missing; does nothing when nothing is.</summary>
    /// <exception cref="InfrastructureException">It may not, with the command to type; or apt failed, in its own words.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        var missing = Missing();
        if (missing.Count == 0)
        {
            return;
        }

        foreach (var need in missing)
        {
            note($"Missing: {need.FirstSign} ({need.Purpose}), of the package {need.Package}.");
        }

        var privilege = await FindPrivilegeAsync(cancellationToken)
            ?? throw new InfrastructureException(
                $"This host lacks {string.Join(", ", Packages(missing))}, and this user may install nothing without a password. "
                + $"Type this, then try again:\n  {CommandFor(missing)}");
        await InstallAsync(privilege, missing, cancellationToken);

        if (Missing() is { Count: > 0 } still)
        {
            throw new InfrastructureException(
                $"apt installed {string.Join(", ", Packages(still))}, and still there is no {string.Join(", ", still.Select(need => need.FirstSign))}. "
                + "This is made for Debian 12, whose packages bring these; on another system install them by hand.");
        }
    }

    private async Task InstallAsync(IReadOnlyList<string> privilege, IReadOnlyList<HostNeed> missing, CancellationToken cancellationToken)
    {
        var packages = Packages(missing).ToList();
        var listed = Directory.Exists(ListsFolder) && Directory.EnumerateFiles(ListsFolder, "*_Packages*").Any();
        if (!listed)
        {
            note("apt's package lists are empty: fetching them.");
            await Apt(privilege, "update").RunAsync(cancellationToken);
        }

        note($"Installing {string.Join(", ", packages)}.");
        var install = Apt(privilege, ["install", "-y", "--no-install-recommends", .. packages]);
        if (!listed)
        {
            await install.RunAsync(cancellationToken);
        }
        else if ((await install.TryRunAsync(cancellationToken)).ExitCode != 0)
        {
            // Lists of last month name versions that the archive has no longer.
            note("That failed: trying again with fresh package lists.");
            await Apt(privilege, "update").RunAsync(cancellationToken);
            await install.RunAsync(cancellationToken);
        }
    }

    // What apt-get is preceded by to run as root; null when this user cannot.
    private static async Task<IReadOnlyList<string>?> FindPrivilegeAsync(CancellationToken cancellationToken)
    {
        if (ProgramPath.Find("apt-get") is null)
        {
            return null;
        }

        if (Environment.IsPrivilegedProcess)
        {
            return [];
        }

        return ProgramPath.Find("sudo") is not null && (await new HostCommand("sudo", "-n", "true").TryRunAsync(cancellationToken)).ExitCode == 0
            ? ["sudo", "-n"]
            : null;
    }

    // env, because sudo passes no environment on. The wait is for another apt that is at work.
    private static HostCommand Apt(IReadOnlyList<string> privilege, params string[] arguments)
    {
        string[] words = [.. privilege, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", .. arguments];
        return new HostCommand(words[0], words[1..]);
    }

    private static IEnumerable<string> Packages(IEnumerable<HostNeed> missing) => missing.Select(need => need.Package).Distinct(StringComparer.Ordinal);
}
