using KextDev.Guests.Local;
using KextDev.Guests.Qemu;
using KextDev.Guests.Ssh;
using KextDev.Guests.Vmware;
using KextDev.Projects;

namespace KextDev.Guests;

/// <summary>The only place that knows which drivers there are.</summary>
public static class GuestFactory
{
    /// <exception cref="InfrastructureException">What the definition names is not there.</exception>
    public static IGuest Create(GuestDefinition definition, GuestSite site) => definition.Driver switch
    {
        GuestDriver.Qemu when definition.Platform == GuestPlatform.Darwin => new QemuDarwinGuest(WithAdded(definition, site), site),
        GuestDriver.Qemu => new QemuGuest(WithAdded(definition, site), site),
        GuestDriver.Vmware => VmwareGuest.Create(definition, site),
        GuestDriver.Ssh => new SshGuest(definition, site),
        GuestDriver.Local => new LocalGuest(definition, site),
        _ => throw new ArgumentOutOfRangeException(nameof(definition), definition.Driver, "No such driver."),
    };

    /// <summary>How a definition's machine stands, whoever started it.</summary>
    /// <exception cref="InfrastructureException">Its driver cannot be asked.</exception>
    public static Task<GuestCondition> LookAsync(GuestDefinition definition, GuestSite site, CancellationToken cancellationToken) => definition.Driver switch
    {
        GuestDriver.Qemu => QemuMachines.LookAsync(definition, site, cancellationToken),
        GuestDriver.Vmware => VmwareMachines.LookAsync(definition, site, cancellationToken),
        GuestDriver.Ssh => SshMachine.LookAsync(definition, site, cancellationToken),
        GuestDriver.Local => Task.FromResult(LocalGuest.Look(definition, site)),
        _ => throw new ArgumentOutOfRangeException(nameof(definition), definition.Driver, "No such driver."),
    };

    /// <summary>Null for a machine that is not KextDev's to make.</summary>
    public static ICreation? Creation(GuestDefinition definition, GuestSite site) => definition.Driver switch
    {
        GuestDriver.Qemu => new QemuCreation(definition, site),
        GuestDriver.Vmware => new VmwareCreation(definition, site),
        _ => null,
    };

    /// <summary>Null for a machine that is not KextDev's to delete.</summary>
    public static IDeletion? Deletion(GuestDefinition definition, GuestSite site) => definition.Driver switch
    {
        GuestDriver.Qemu => new QemuDeletion(definition, site),
        GuestDriver.Vmware => new VmwareDeletion(definition, site),
        _ => null,
    };

    /// <summary>All guests that run for this checkout.</summary>
    public static async Task<IReadOnlyList<GuestStatus>> ListAsync(GuestSite site, CancellationToken cancellationToken) =>
        [.. await QemuMachines.ListAsync(site, cancellationToken), .. await VmwareMachines.ListAsync(site, cancellationToken)];

    /// <summary>Ends guests whose run was killed before it could end them. Every start of a guest does so, too.</summary>
    public static async Task EndOrphansAsync(GuestSite site, CancellationToken cancellationToken)
    {
        await QemuMachines.EndOrphansAsync(site, cancellationToken);
        await VmwareMachines.EndOrphansAsync(site, cancellationToken);
    }

    private static GuestDefinition WithAdded(GuestDefinition definition, GuestSite site) =>
        AddedArguments.Read(definition.Name, site.State) is { } added
            ? definition with { KernelArguments = [.. definition.KernelArguments, .. added.Split(' ', StringSplitOptions.RemoveEmptyEntries)] }
            : definition;
}
