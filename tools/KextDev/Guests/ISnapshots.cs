namespace KextDev.Guests;

/// <summary>A guest whose state can be saved under a name, and restored.</summary>
public interface ISnapshots
{
    Task<IReadOnlyList<string>> ListSnapshotsAsync(CancellationToken cancellationToken);

    /// <exception cref="InfrastructureException">There is one of this name already, or the driver takes none.</exception>
    Task TakeSnapshotAsync(string name, CancellationToken cancellationToken);

    /// <summary>Makes the guest, which must have been started, what it was when the snapshot was taken; returns as soon as it answers.</summary>
    /// <exception cref="InfrastructureException">There is none of this name, or the restored guest does not answer.</exception>
    Task<GuestEndpoint> RestoreSnapshotAsync(string name, CancellationToken cancellationToken);
}
