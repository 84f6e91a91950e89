using KextDev.Projects;

namespace KextDev.Testing;

/// <summary>How a run is made again, as lines for a shell.</summary>
/// <param name="Whole">The same run.</param>
/// <param name="Narrow">What it was told, but for its guest and its tests.</param>
/// <param name="OneGuest">Whether that alone says which guest is meant.</param>
public sealed record RunCommand(string Whole, string Narrow, bool OneGuest)
{
    /// <summary>The tests of the guest with this system; their names are to be added.</summary>
    public string Of(GuestPlatform platform) => OneGuest ? Narrow : $"{Narrow} --platform {platform.ToString().ToLowerInvariant()}";
}
