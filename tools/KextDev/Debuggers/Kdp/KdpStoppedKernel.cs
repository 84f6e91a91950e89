namespace KextDev.Debuggers.Kdp;

/// <summary>
/// A kernel as debuggers want it: after a breakpoint the instruction pointer is at it, not behind; a step is one instruction of the processor that was stopped.
/// </summary>
internal sealed class KdpStoppedKernel(KdpClient client)
{
    private readonly KdpBreakpoints _breakpoints = new(client);
    private X86ThreadState? _registers;
    private ulong? _steppedFrom;

    public KdpBreakpoints Breakpoints => _breakpoints;

    public string Version => client.KernelVersion;

    public bool Runs => client.Runs;

    /// <summary>Why it stopped last; null where KDP did not tell, which it does not of the stop that let the debugger in.</summary>
    public KdpStop? Stop { get; private set; }

    /// <summary>Whether that was a breakpoint of <see cref="Breakpoints"/>.</summary>
    public bool IsAtBreakpoint { get; private set; }

    public async Task<X86ThreadState> ReadRegistersAsync(CancellationToken cancellationToken) => _registers ??= await client.ReadRegistersAsync(cancellationToken);

    public async Task<KdpError> WriteRegistersAsync(X86ThreadState state, CancellationToken cancellationToken)
    {
        _registers = null;
        return await client.WriteRegistersAsync(state, cancellationToken);
    }

    public async Task ResumeAsync(bool step, CancellationToken cancellationToken)
    {
        var registers = await ReadRegistersAsync(cancellationToken);
        _steppedFrom = step ? registers.InstructionPointer : null;
        if (registers.Steps != step)
        {
            await client.WriteRegistersAsync(registers.Stepping(step), cancellationToken);
        }

        _registers = null;

        // Once it is asked to, it is waited for: of one that was half resumed nobody would know whether it runs.
        cancellationToken.ThrowIfCancellationRequested();
        await client.ResumeAsync(CancellationToken.None);
    }

    public async Task WaitForStopAsync(CancellationToken cancellationToken)
    {
        for (;;)
        {
            Stop = await client.WaitForStopAsync(cancellationToken);

            // Not left half done where nobody waits any more: the next debugger finds it as it should.
            if (await SettleAsync(CancellationToken.None))
            {
                return;
            }

            await client.ResumeAsync(CancellationToken.None);
        }
    }

    public async Task DetachAsync(CancellationToken cancellationToken)
    {
        // It would step on for itself.
        var registers = await ReadRegistersAsync(cancellationToken);
        if (registers.Steps)
        {
            await client.WriteRegistersAsync(registers.Stepping(steps: false), cancellationToken);
        }

        await _breakpoints.RemoveAllAsync(cancellationToken);
        await client.DetachAsync(cancellationToken);
    }

    public Task RebootAsync(CancellationToken cancellationToken) => client.RebootAsync(cancellationToken);

    /// <summary>A processor that is told to step while another one meets a breakpoint makes its step later, when nobody waits for it any more.</summary>
    /// <returns>False where the stop is such a step, and not to be told.</returns>
    private async Task<bool> SettleAsync(CancellationToken cancellationToken)
    {
        _registers = null;
        var registers = await ReadRegistersAsync(cancellationToken);
        var before = registers.InstructionPointer - 1;

        // A step executes a breakpoint only where it began at one.
        IsAtBreakpoint = Stop!.Fault == MachFault.Breakpoint && _breakpoints.HasOneAt(before) && (!registers.Steps || _steppedFrom is null || _steppedFrom == before);
        if (IsAtBreakpoint)
        {
            await WriteRegistersAsync(registers.With("rip", before).Stepping(steps: false), cancellationToken);
            return true;
        }

        if (registers.Steps && Stop.Fault == MachFault.Breakpoint)
        {
            var asked = _steppedFrom is not null;
            _steppedFrom = null;
            await WriteRegistersAsync(registers.Stepping(steps: false), cancellationToken);
            return asked;
        }

        return true;
    }
}
