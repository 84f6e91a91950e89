using KextDev.GuestTests.Guests;

namespace KextDev.GuestTests.Faults;

/// <summary>
/// Real faults, of real modules, programs, machines, connections and hosts. Each is shown by the run as what it is, the rest of the plan still runs,
/// nothing is left behind, and the next run works.
/// </summary>
[Collection(GuestTurns.Name)]
public sealed class FaultTests(FaultLab lab) : IClassFixture<FaultLab>
{
    public static TheoryData<string> Names => [.. FaultLab.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_shown_as_what_it_is(string fault) => (await lab.ShownAsync(fault)).ShouldNotBeEmpty();
}
