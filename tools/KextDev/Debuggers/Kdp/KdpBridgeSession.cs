using System.Text;
using KextDev.Debuggers.Gdb;

namespace KextDev.Debuggers.Kdp;

/// <summary>What one debugger asks by gdb's remote protocol, asked of a kernel by KDP. It sees one thread: the processor that stopped.</summary>
internal sealed class KdpBridgeSession(KdpStoppedKernel kernel, GdbConnection connection, Func<CancellationToken, Task>? interrupt)
{
    private const string Done = "OK";
    private const string Unknown = "";
    private const string Malformed = "E16"; // EINVAL
    private const string BadAddress = "E0e"; // EFAULT
    private const string Triple = "x86_64-apple-macosx";

    private const string CannotInterrupt =
        "KDP cannot interrupt a kernel that runs. It stops at a breakpoint, by a panic, or by an NMI (boot-arg debug=0x4); "
        + "the gdb stub of VMware or QEMU can stop it at any time.\n";

    /// <summary>Half of a packet: each byte is two digits.</summary>
    private const int MemoryMax = (GdbPacket.MaxData / 2) - 16;

    private bool _ended;

    /// <returns>True once it let the kernel go, or had it start anew; false where it is gone without that.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        if (kernel.Runs)
        {
            // Of the debugger before, who went without waiting for it. The first question is answered when it has stopped.
            await kernel.WaitForStopAsync(cancellationToken);
        }

        while (!_ended && await NextAsync(cancellationToken) is { } message)
        {
            if (message is not GdbCommand command)
            {
                continue; // Stopped it is.
            }

            var reply = await AnswerAsync(command.Data, cancellationToken);
            if (reply is null || !await connection.TrySendAsync(reply, cancellationToken))
            {
                break;
            }

            if (command.Data == "QStartNoAckMode")
            {
                connection.StopAcknowledging();
            }
        }

        return _ended;
    }

    private async Task<GdbMessage?> NextAsync(CancellationToken cancellationToken) =>
        await connection.Messages.WaitToReadAsync(cancellationToken) && connection.Messages.TryRead(out var message) ? message : null;

    private async Task<string?> AnswerAsync(string command, CancellationToken cancellationToken)
    {
        var rest = command.Length > 0 ? command[1..] : "";
        switch (command.Length > 0 ? command[0] : '\0')
        {
            case '?':
                return StopReply();
            case 'g':
                return X86Registers.ReadAll(await kernel.ReadRegistersAsync(cancellationToken));
            case 'G':
                return await WriteRegistersAsync(state => X86Registers.WriteAll(state, rest), cancellationToken);
            case 'p':
                return await ReadRegisterAsync(rest, cancellationToken);
            case 'P':
                return await WriteRegisterAsync(rest, cancellationToken);
            case 'm':
                return await ReadMemoryAsync(rest, binary: false, cancellationToken);
            case 'x':
                return await ReadMemoryAsync(rest, binary: true, cancellationToken);
            case 'M':
                return await WriteMemoryAsync(rest, GdbPacket.Bytes, cancellationToken);
            case 'X':
                return await WriteMemoryAsync(rest, Encoding.Latin1.GetBytes, cancellationToken);
            case 'Z' or 'z':
                return await ChangeBreakpointAsync(command[0] == 'Z', rest, cancellationToken);
            case 'c' or 's' or 'C' or 'S':
                return await ResumeAsync(command[0] is 's' or 'S', cancellationToken);
            case 'H' or 'T':
                return Done;
            case 'D' or 'k':
                _ended = true;
                await kernel.DetachAsync(cancellationToken);
                return Done;
            case 'q' or 'Q' or 'v':
                return await AnswerNamedAsync(command, cancellationToken);
            default:
                return Unknown;
        }
    }

    private async Task<string?> AnswerNamedAsync(string command, CancellationToken cancellationToken)
    {
        const string Features = "qXfer:features:read:target.xml:";
        const string Monitor = "qRcmd,";
        switch (command)
        {
            case "QStartNoAckMode":
                return Done;
            case "qC":
                return "QC1";
            case "qfThreadInfo":
                return "m1";
            case "qsThreadInfo":
                return "l";
            case "qHostInfo":
                return $"triple:{GdbPacket.HexText(Triple)};ptrsize:8;endian:little;";
            case "qProcessInfo":
                return $"pid:1;triple:{GdbPacket.HexText(Triple)};ptrsize:8;endian:little;";
            case "vCont?":
                return "vCont;c;C;s;S";
        }

        if (command.StartsWith("qSupported", StringComparison.Ordinal))
        {
            return $"PacketSize={GdbPacket.MaxData:x};qXfer:features:read+;QStartNoAckMode+;swbreak+;vContSupported+";
        }

        if (command.StartsWith("qAttached", StringComparison.Ordinal))
        {
            return "1"; // Not started by the debugger: it detaches at its end.
        }

        if (command.StartsWith(Features, StringComparison.Ordinal))
        {
            return Part(X86Registers.Description, command[Features.Length..]);
        }

        if (command.StartsWith("vCont;", StringComparison.Ordinal))
        {
            return await ResumeAsync(command[6..] is ['s' or 'S', ..], cancellationToken);
        }

        return command.StartsWith(Monitor, StringComparison.Ordinal) ? await ObeyAsync(command[Monitor.Length..], cancellationToken) : Unknown;
    }

    private static string Part(string document, string range)
    {
        if (!TryTwo(range, ',', out var offset, out var length) || offset > (ulong)document.Length)
        {
            return Malformed;
        }

        var count = (int)Math.Min(length, (ulong)Math.Min(document.Length - (int)offset, MemoryMax));
        return $"{((int)offset + count < document.Length ? 'm' : 'l')}{document.AsSpan((int)offset, count)}";
    }

    private async Task<string> ReadRegisterAsync(string number, CancellationToken cancellationToken) =>
        TryRegister(number, out var register) ? X86Registers.Read(await kernel.ReadRegistersAsync(cancellationToken), register) : Malformed;

    private async Task<string> WriteRegisterAsync(string assignment, CancellationToken cancellationToken)
    {
        var sign = assignment.IndexOf('=', StringComparison.Ordinal);
        return sign >= 0 && TryRegister(assignment[..sign], out var register)
            ? await WriteRegistersAsync(state => X86Registers.Write(state, register, assignment[(sign + 1)..]), cancellationToken)
            : Malformed;
    }

    private async Task<string> WriteRegistersAsync(Func<X86ThreadState, X86ThreadState?> change, CancellationToken cancellationToken) =>
        change(await kernel.ReadRegistersAsync(cancellationToken)) is { } state ? Result(await kernel.WriteRegistersAsync(state, cancellationToken)) : Malformed;

    private async Task<string> ReadMemoryAsync(string range, bool binary, CancellationToken cancellationToken)
    {
        if (!TryTwo(range, ',', out var address, out var length))
        {
            return Malformed;
        }

        if (length == 0)
        {
            return Done; // lldb asks so whether there is such a packet.
        }

        var memory = await kernel.Breakpoints.ReadMemoryAsync(address, (int)Math.Min(length, MemoryMax), cancellationToken);
        return memory.Length == 0 ? BadAddress : binary ? Encoding.Latin1.GetString(memory) : GdbPacket.Hex(memory);
    }

    private async Task<string> WriteMemoryAsync(string command, Func<string, byte[]?> read, CancellationToken cancellationToken)
    {
        var colon = command.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !TryTwo(command[..colon], ',', out var address, out var length) || read(command[(colon + 1)..]) is not { } data || (ulong)data.Length != length)
        {
            return Malformed;
        }

        return Result(await kernel.Breakpoints.WriteMemoryAsync(address, data, cancellationToken));
    }

    private async Task<string> ChangeBreakpointAsync(bool set, string command, CancellationToken cancellationToken)
    {
        const string Software = "0,";
        if (!command.StartsWith(Software, StringComparison.Ordinal))
        {
            return Unknown; // A processor's own: KDP has none.
        }

        if (!TryTwo(command[Software.Length..].Split(';')[0], ',', out var address, out _))
        {
            return Malformed;
        }

        return Result(set ? await kernel.Breakpoints.SetAsync(address, cancellationToken) : await kernel.Breakpoints.RemoveAsync(address, cancellationToken));
    }

    /// <returns>Null where the debugger is gone before the kernel stops.</returns>
    private async Task<string?> ResumeAsync(bool step, CancellationToken cancellationToken)
    {
        await kernel.ResumeAsync(step, cancellationToken);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var stopping = kernel.WaitForStopAsync(gone.Token);
        var speaking = NextAsync(gone.Token);
        while (await Task.WhenAny(stopping, speaking) == speaking && await speaking is { } message)
        {
            if (message is GdbInterruption && !await TryInterruptAsync(cancellationToken))
            {
                break;
            }

            speaking = NextAsync(gone.Token);
        }

        var stopped = stopping.IsCompleted;
        await gone.CancelAsync();
        await Task.WhenAll(stopping, speaking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await (stopped ? stopping : Task.CompletedTask);
        return stopped ? StopReply() : null;
    }

    /// <returns>False where the debugger is gone.</returns>
    private async Task<bool> TryInterruptAsync(CancellationToken cancellationToken)
    {
        if (interrupt is null)
        {
            return await connection.TrySendAsync("O" + GdbPacket.HexText(CannotInterrupt), cancellationToken);
        }

        await interrupt(cancellationToken);
        return true;
    }

    private string StopReply()
    {
        // The signals that gdb numbers: SIGILL, SIGTRAP, SIGFPE, SIGSEGV.
        var signal = kernel.Stop?.Fault switch
        {
            MachFault.BadInstruction => 4,
            MachFault.Arithmetic => 8,
            MachFault.BadAccess => 11,
            _ => 5,
        };
        return $"T{signal:x2}thread:1;{(kernel.IsAtBreakpoint ? "swbreak:;" : "")}";
    }

    private async Task<string> ObeyAsync(string hex, CancellationToken cancellationToken)
    {
        switch (GdbPacket.Bytes(hex) is { } bytes ? Encoding.ASCII.GetString(bytes).Trim() : null)
        {
            case "reboot":
                _ended = true;
                await kernel.RebootAsync(cancellationToken);
                return GdbPacket.HexText("The machine was told to start anew; it confirms nothing.\n");
            case "version":
                return GdbPacket.HexText(kernel.Version + "\n");
            default:
                return GdbPacket.HexText("version: what the kernel is. reboot: starts the machine anew.\n");
        }
    }

    private static string Result(KdpError error) => error switch
    {
        KdpError.None => Done,
        KdpError.TooManyBreakpoints => "E1c", // ENOSPC
        KdpError.BreakpointNotFound => "E02", // ENOENT
        KdpError.BreakpointAlreadySet => "E11", // EEXIST
        _ => BadAddress,
    };

    private static bool TryRegister(string hex, out int register)
    {
        var known = GdbPacket.TryNumber(hex, out var number) && number < (ulong)X86Registers.Count;
        register = known ? (int)number : 0;
        return known;
    }

    private static bool TryTwo(string text, char separator, out ulong first, out ulong second)
    {
        var at = text.IndexOf(separator, StringComparison.Ordinal);
        first = second = 0;
        return at > 0 && GdbPacket.TryNumber(text[..at], out first) && GdbPacket.TryNumber(text[(at + 1)..], out second);
    }
}
