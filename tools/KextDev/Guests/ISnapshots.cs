namespace KextDev.Guests;

/// <summary>A guest whose state can be saved under a name, and restored.</summary>
public interface ISnapshots
{
    Task<IReadOnlyList<string>> ListSnapshotsAsync(CancellationToken cancellationToken);

    /// <summary>Saves the guest as it is; a driver whose guests are nothing while they are off wants it started before.</summary>
    /// <exception cref="InfrastructureException">There is one of this name already, or the driver takes none.</exception>
    Task TakeSnapshotAsync(string name, CancellationToken cancellationToken);

    /// <summary>Makes the guest what it was when the snapshot was taken; returns as soon as it answers. It need not run before.</summary>
    /// <exception cref="InfrastructureException">There is none of this name, or the restored guest does not answer.</exception>
    Task<GuestEndpoint> RestoreSnapshotAsync(string name, CancellationToken cancellationToken);
}
