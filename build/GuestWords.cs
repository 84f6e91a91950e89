using System.Globalization;
using KextDev.Guests;
using KextDev.Projects;

/// <summary>How guests are told of in tables.</summary>
internal static class GuestWords
{
    private const string Nothing = "-";

    public static string Driver(GuestDefinition definition) => definition.Driver switch
    {
        GuestDriver.Vmware when definition.Product is { } product => $"vmware, {Lower(product)}",
        var driver => Lower(driver),
    };

    public static string System(GuestDefinition definition) => (definition.Platform, definition.Recipe) switch
    {
        (GuestPlatform.Darwin, null) => $"darwin, macOS {definition.Release}",
        (GuestPlatform.Darwin, _) => $"darwin, kexthost as macOS {definition.Release}",
        (_, null) => "linux",
        _ => "linux, Debian's cloud kernel",
    };

    public static string State(GuestCondition condition)
    {
        var power = condition.Power switch
        {
            GuestPower.Absent => "not made yet: VmCreate",
            GuestPower.Off => "off",
            GuestPower.Silent => "does not answer",
            _ => "running",
        };
        return condition.User is { } user ? $"{power}, used by {user}" : power;
    }

    public static string Address(GuestEndpoint? endpoint) => endpoint is null ? Nothing : $"{endpoint.Host}:{endpoint.Port}";

    public static IReadOnlyList<string> Row(GuestStatus guest, DateTimeOffset now) =>
    [
        guest.Name, guest.Condition, guest.Accelerator is { } accelerator ? Lower(accelerator) : Nothing, Address(guest.Endpoint),
        (now - guest.Started).ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture), guest.User ?? (guest.Kept ? "nobody" : "its run"),
    ];

    /// <summary>Of a machine that was not started from here.</summary>
    public static IReadOnlyList<string> Row(GuestDefinition definition, GuestCondition condition) =>
        [definition.Name, "running", Nothing, Address(condition.Endpoint), Nothing, condition.User ?? "nobody"];

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
}
