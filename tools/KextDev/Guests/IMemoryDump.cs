namespace KextDev.Guests;

/// <summary>A guest whose hypervisor writes the machine's memory into a file that debuggers and crash(8) read.</summary>
public interface IMemoryDump
{
    /// <summary>Halts the machine while it writes. The file holds all that the guest knows: it is made for its owner alone.</summary>
    /// <param name="file">Full path on this host; it must not exist.</param>
    /// <exception cref="InfrastructureException">The hypervisor refused, in its own words, or the disk is full.</exception>
    Task DumpMemoryAsync(string file, CancellationToken cancellationToken);
}
