namespace KextDev.Guests;

/// <summary>A guest whose hypervisor tells what happens to the machine itself.</summary>
public interface IMachineEvents
{
    /// <summary>Events from the start of the enumeration on; ends when the machine is gone.</summary>
    IAsyncEnumerable<MachineEvent> WatchAsync(CancellationToken cancellationToken);
}

/// <summary>What a hypervisor tells about the machine.</summary>
public abstract record MachineEvent(DateTimeOffset Time);

/// <summary>The guest's kernel said that it panicked (pvpanic).</summary>
public sealed record MachinePanicked(DateTimeOffset Time) : MachineEvent(Time);

/// <summary>The machine switched off or was reset; <paramref name="Reason"/> in the hypervisor's own word.</summary>
public sealed record MachineStopped(DateTimeOffset Time, string Reason) : MachineEvent(Time);
