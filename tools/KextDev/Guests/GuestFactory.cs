using KextDev.Guests.Qemu;

namespace KextDev.Guests;

/// <summary>The only place that knows which drivers there are.</summary>
public static class GuestFactory
{
    public static IGuest Create(GuestDefinition definition, GuestSite site) => definition.Driver switch
    {
        GuestDriver.Qemu => new QemuGuest(definition, site),
        _ => throw new ArgumentOutOfRangeException(nameof(definition), definition.Driver, "No such driver."),
    };

    /// <summary>All guests that run for this checkout.</summary>
    public static Task<IReadOnlyList<GuestStatus>> ListAsync(GuestSite site, CancellationToken cancellationToken) =>
        QemuMachines.ListAsync(site, cancellationToken);

    /// <summary>Ends guests whose run was killed before it could end them. Every start of a guest does so, too.</summary>
    public static Task EndOrphansAsync(GuestSite site, CancellationToken cancellationToken) =>
        QemuMachines.EndOrphansAsync(site, cancellationToken);
}
