namespace KextDev.Guests;

/// <summary>Makes what one definition's machine is made of. Nothing that exists is overwritten.</summary>
public interface ICreation
{
    /// <returns>What was made, in a sentence.</returns>
    /// <exception cref="InfrastructureException">There is such a machine already, or something that it is to be made of is missing.</exception>
    Task<string> CreateAsync(CancellationToken cancellationToken);
}
