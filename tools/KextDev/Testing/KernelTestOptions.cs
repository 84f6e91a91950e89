using KextDev.Guests;
using KextDev.Projects;

namespace KextDev.Testing;

/// <summary>What one run is about.</summary>
public sealed record KernelTestOptions
{
    public required Project Project { get; init; }

    /// <summary>The plan's name, for people.</summary>
    public required string Plan { get; init; }

    /// <summary>The tests to run, in their order.</summary>
    public required IReadOnlyList<PlannedTest> Tests { get; init; }

    public required GuestDefinition Guest { get; init; }

    public required StateFolder State { get; init; }

    /// <summary>The run's own folder; it exists.</summary>
    public required string RunFolder { get; init; }

    /// <summary>Leave the guest up when the run does not pass, and say how to get in.</summary>
    public bool KeepGuest { get; init; }
}
