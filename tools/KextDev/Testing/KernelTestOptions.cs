using KextDev.Events;
using KextDev.Guests;
using KextDev.Projects;

namespace KextDev.Testing;

/// <summary>What one run is about.</summary>
public sealed record KernelTestOptions
{
    public required Project Project { get; init; }

    /// <summary>The plan's name, for people.</summary>
    public required string Plan { get; init; }

    /// <summary>In the order in which they run.</summary>
    public required IReadOnlyList<TestSuite> Suites { get; init; }

    public required StateFolder State { get; init; }

    /// <summary>The run's own folder; it exists.</summary>
    public required string RunFolder { get; init; }

    /// <summary>How a person types this run, and the tests of one guest of it; null where nobody typed it.</summary>
    public RunCommand? Command { get; init; }

    public Repetition Repetition { get; init; } = Repetition.Once;

    /// <summary>How often the extension is loaded and unloaded to find leaks, once the tests are done; 0 for not at all.</summary>
    public int LeakCycles { get; init; }

    /// <summary>Leave the guest up when the run does not pass, and say how to get in.</summary>
    public bool KeepGuest { get; init; }

    /// <summary>Loads also a build that is known to kill the kernel of the guest.</summary>
    public bool Force { get; init; }

    /// <summary>Writes the memory of a guest whose kernel dies or hangs into the run's folder.</summary>
    public bool MemoryDump { get; init; }

    /// <summary>The least of the messages that are taken from the extension's log channel.</summary>
    public MessageLevel LogLevel { get; init; } = MessageLevel.Info;

    /// <summary>Is called when a kernel dies; null for nobody.</summary>
    public IPanicWitness? Witness { get; init; }

    /// <summary>Asks a person for a guest's password; null when there is nobody to ask.</summary>
    public Func<string, string?>? AskSecret { get; init; }

    /// <summary>Boots each guest afresh, from no snapshot.</summary>
    public bool Cold { get; init; }

    /// <summary>Apple's headers for a kext; null for the host's own, or those that the project names.</summary>
    public string? Sdk { get; init; }

    /// <summary>How long a load, and an unload with all its tries, may take.</summary>
    public TimeSpan LoadLimit { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>The tests of one guest, in their order.</summary>
public sealed record TestSuite(GuestDefinition Guest, IReadOnlyList<PlannedTest> Tests)
{
    /// <summary>Gives each guest the tests that run on its system; guests for which none is left are left out.</summary>
    /// <exception cref="InfrastructureException">None is left at all.</exception>
    public static IReadOnlyList<TestSuite> Of(IReadOnlyList<GuestDefinition> guests, IReadOnlyList<PlannedTest> tests)
    {
        IReadOnlyList<TestSuite> suites =
        [
            .. guests.Select(guest => new TestSuite(guest, [.. tests.Where(test => test.Platforms.Contains(guest.Platform))])).Where(suite => suite.Tests.Count > 0),
        ];
        return suites.Count > 0
            ? suites
            : throw new InfrastructureException(
                $"No test is left to run: {string.Join(", ", tests.Select(test => test.Name))} are not for {string.Join(" or ", guests.Select(guest => $"{guest.Platform} ({guest.Name})"))}. "
                + "The manifest's \"platforms\" of a test say where it runs; choose another guest or other tests.");
    }
}
