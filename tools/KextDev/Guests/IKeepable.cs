namespace KextDev.Guests;

/// <summary>A guest that can outlive the program that started it.</summary>
public interface IKeepable
{
    /// <summary>True when <see cref="IGuest.StartAsync"/> found a kept guest and joined it.</summary>
    bool Joined { get; }

    /// <summary>Leaves the started guest running after this object is disposed; later starts of the same definition join it.</summary>
    void Keep();
}
