namespace KextDev.Guests.Qemu;

/// <summary>A guest in QEMU is made of cached parts alone: it is there once these are.</summary>
internal sealed class QemuCreation(GuestDefinition definition, GuestSite site) : ICreation
{
    public async Task<string> CreateAsync(CancellationToken cancellationToken)
    {
        await using var guest = new QemuGuest(definition, site);
        await guest.PrepareAsync(refresh: false, cancellationToken);
        return $"The image of the guest {definition.Name} is ready; each start boots it afresh";
    }
}
