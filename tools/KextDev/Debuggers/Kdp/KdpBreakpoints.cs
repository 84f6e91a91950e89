namespace KextDev.Debuggers.Kdp;

/// <summary>
/// The breakpoints of one debugger. A kernel that sets none itself (boot-arg debug=0x80) has them written into its memory; either way what is read there is
/// what would be there without them.
/// </summary>
internal sealed class KdpBreakpoints(KdpClient client)
{
    private static readonly byte[] Int3 = [0xcc];

    private readonly Dictionary<ulong, byte> _instructions = [];

    public bool Any => _instructions.Count > 0;

    public bool HasOneAt(ulong address) => _instructions.ContainsKey(address);

    public async Task<KdpError> SetAsync(ulong address, CancellationToken cancellationToken)
    {
        if (HasOneAt(address))
        {
            return KdpError.None;
        }

        if (await client.ReadMemoryAsync(address, 1, cancellationToken) is not [var instruction])
        {
            return KdpError.BadAccess;
        }

        var error = client.Version.SetsBreakpoints
            ? await client.SetBreakpointAsync(address, cancellationToken)
            : await client.WriteMemoryAsync(address, Int3, cancellationToken);
        if (error == KdpError.None)
        {
            _instructions[address] = instruction;
        }

        return error;
    }

    public async Task<KdpError> RemoveAsync(ulong address, CancellationToken cancellationToken)
    {
        if (!_instructions.Remove(address, out var instruction))
        {
            return KdpError.BreakpointNotFound;
        }

        return client.Version.SetsBreakpoints
            ? await client.RemoveBreakpointAsync(address, cancellationToken)
            : await client.WriteMemoryAsync(address, new[] { instruction }, cancellationToken);
    }

    public async Task RemoveAllAsync(CancellationToken cancellationToken)
    {
        foreach (var address in _instructions.Keys.ToList())
        {
            await RemoveAsync(address, cancellationToken);
        }
    }

    public async Task<byte[]> ReadMemoryAsync(ulong address, int count, CancellationToken cancellationToken)
    {
        var memory = await client.ReadMemoryAsync(address, count, cancellationToken);
        Hide(address, memory);
        return memory;
    }

    /// <summary>Those in the way are taken away meanwhile.</summary>
    public async Task<KdpError> WriteMemoryAsync(ulong address, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var covered = _instructions.Keys.Where(at => at >= address && at - address < (ulong)data.Length).ToList();
        foreach (var at in covered)
        {
            await RemoveAsync(at, cancellationToken);
        }

        var error = await client.WriteMemoryAsync(address, data, cancellationToken);
        foreach (var at in covered)
        {
            var set = await SetAsync(at, cancellationToken);
            error = error == KdpError.None ? set : error;
        }

        return error;
    }

    private void Hide(ulong address, Span<byte> memory)
    {
        foreach (var (at, instruction) in _instructions)
        {
            if (at >= address && at - address < (ulong)memory.Length)
            {
                memory[(int)(at - address)] = instruction;
            }
        }
    }
}
