namespace KextDev.GuestTests.Guests;

/// <summary>Guests are heavy: the tests that boot some take turns.</summary>
[CollectionDefinition(Name)]
public sealed class GuestTurns
{
    public const string Name = "guests";
}

/// <summary>A second row of turns beside the first, for tests that take minutes, mostly of waiting, and boot one guest at a time.</summary>
[CollectionDefinition(Name)]
public sealed class PatientTurns
{
    public const string Name = "patient guests";
}
