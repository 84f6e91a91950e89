namespace KextDev.Guests;

/// <summary>A guest that is made from parts which can be fetched before its first start.</summary>
public interface IPreparable
{
    /// <summary>Fetches and makes all that a start and a module's build need; does nothing when all is there.</summary>
    /// <param name="refresh">Takes the newest parts even when there are some; otherwise the versions stay as they are.</param>
    Task PrepareAsync(bool refresh, CancellationToken cancellationToken);
}
