namespace KextDev.Guests;

/// <summary>Deletes what one definition's machine is made of. The definition's file stays.</summary>
public interface IDeletion
{
    /// <summary>What is lost, a line each; empty when there is no machine.</summary>
    /// <exception cref="InfrastructureException">It may not be deleted now: it runs, somebody uses it, or other machines are built on it.</exception>
    Task<IReadOnlyList<string>> FindLossAsync(CancellationToken cancellationToken);

    /// <summary>Deletes it for good.</summary>
    /// <exception cref="InfrastructureException">As above, asked again.</exception>
    Task DeleteAsync(CancellationToken cancellationToken);
}
