namespace KextDev;

/// <summary>Where a checkout keeps what it made: <c>.kextdev/</c> at its root. Deleting it loses past runs, time, the keys of guests, and what undoes KernelConfigureTarget.</summary>
/// <param name="Path">Absolute path of the folder itself.</param>
public sealed record StateFolder(string Path)
{
    /// <summary>Packages, unpacked trees and images, by content.</summary>
    public string Cache => System.IO.Path.Combine(Path, "cache");

    /// <summary>Built extensions and guest programs.</summary>
    public string Build => System.IO.Path.Combine(Path, "build");

    /// <summary>One folder for each guest that stays up between runs.</summary>
    public string Guests => System.IO.Path.Combine(Path, "guests");

    /// <summary>The project's SSH key and the guests' host keys, mode 0600.</summary>
    public string Keys => System.IO.Path.Combine(Path, "keys");

    /// <summary>One folder for each run.</summary>
    public string Runs => System.IO.Path.Combine(Path, "runs");

    /// <summary>Which builds killed which guest that stays: a file a guest.</summary>
    public string Crashes => System.IO.Path.Combine(Path, "crashes");

    /// <summary>How guests were started before they were configured for debugging: a file a guest.</summary>
    public string Targets => System.IO.Path.Combine(Path, "targets");

    /// <summary>What the target Package made.</summary>
    public string Packages => System.IO.Path.Combine(Path, "packages");
}
