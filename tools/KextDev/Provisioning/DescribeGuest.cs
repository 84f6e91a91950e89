using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Shells;

namespace KextDev.Provisioning;

/// <summary>Tells all that can be known of one guest as it is; starts nothing.</summary>
public static class DescribeGuest
{
    /// <exception cref="InfrastructureException">Its driver cannot be asked, or the guest that runs lets nobody in.</exception>
    public static async Task<GuestDescription> RunAsync(GuestDefinition definition, GuestSite site, CancellationToken cancellationToken)
    {
        var condition = await GuestFactory.LookAsync(definition, site, cancellationToken);
        return new GuestDescription(condition)
        {
            Snapshots = condition.Power == GuestPower.Absent ? null : await ListSnapshotsAsync(definition, site, cancellationToken),
            System = condition.Endpoint is { } endpoint ? await SummarizeAsync(definition, endpoint, cancellationToken) : null,
        };
    }

    private static async Task<IReadOnlyList<string>?> ListSnapshotsAsync(GuestDefinition definition, GuestSite site, CancellationToken cancellationToken)
    {
        await using var guest = GuestFactory.Create(definition, site);
        return guest is ISnapshots snapshots ? await snapshots.ListSnapshotsAsync(cancellationToken) : null;
    }

    private static async Task<SystemSummary> SummarizeAsync(GuestDefinition definition, GuestEndpoint endpoint, CancellationToken cancellationToken)
    {
        await using var shell = await GuestShell.ConnectAsync(endpoint, cancellationToken);
        return await KernelPlatforms.SummarizeAsync(definition.Platform, shell, cancellationToken);
    }
}

/// <param name="Condition">Whether it runs, where it answers, who uses it.</param>
public sealed record GuestDescription(GuestCondition Condition)
{
    /// <summary>By name; null where the driver has none.</summary>
    public IReadOnlyList<string>? Snapshots { get; init; }

    /// <summary>Null while it does not answer.</summary>
    public SystemSummary? System { get; init; }
}
