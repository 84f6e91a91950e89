namespace KextDev.GuestTests.Guests;

/// <summary>Guests are heavy: the tests that boot some take turns.</summary>
[CollectionDefinition(Name)]
public sealed class GuestTurns
{
    public const string Name = "guests";
}
