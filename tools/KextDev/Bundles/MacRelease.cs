namespace KextDev.Bundles;

/// <summary>A release of macOS by its name ("10.13") and its Darwin kernel's major version (17).</summary>
public sealed record MacRelease(string Name, int Darwin)
{
    /// <summary>The releases whose kernel interfaces are known: 10.9 to 11.</summary>
    public static IReadOnlyList<MacRelease> All { get; } =
    [
        new("10.9", 13), new("10.10", 14), new("10.11", 15), new("10.12", 16),
        new("10.13", 17), new("10.14", 18), new("10.15", 19), new("11", 20),
    ];

    /// <returns>Null for a release that is not known.</returns>
    public static MacRelease? Parse(string name) => All.FirstOrDefault(release => release.Name == name);

    public override string ToString() => $"macOS {Name}";
}
