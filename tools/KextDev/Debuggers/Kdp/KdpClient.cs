using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.Channels;

namespace KextDev.Debuggers.Kdp;

/// <summary>
/// A debugger's session with a kernel over KDP. One question at a time; several tasks may ask.
/// KDP cannot interrupt a kernel that runs: it listens only while it is stopped, by a panic, a breakpoint, an NMI (debug=0x4) or a halt at boot (debug=0x1).
/// What can interrupt it is the hypervisor: an NMI, or the gdb stub of VMware or QEMU.
/// </summary>
/// <remarks>Disposing it says nothing to the target: <see cref="DetachAsync"/> or <see cref="ReleaseAsync"/> do.</remarks>
public sealed class KdpClient : IAsyncDisposable
{
    /// <summary>UDP, of every XNU.</summary>
    public const int TargetPort = 41139;

    private const string Greeting = "Greetings from KextDev";
    private const byte LastSequence = byte.MaxValue;

    private readonly KdpLink _link;
    private readonly KdpOptions _options;
    private readonly SemaphoreSlim _turn = new(1);
    private uint _key = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
    private byte _sequence;

    private KdpClient(IKdpChannel channel, KdpOptions options)
    {
        _options = options;
        _link = new KdpLink(channel, options.ReplyTimeout);
    }

    public EndPoint Target => _link.Target;

    public KdpVersion Version { get; private set; } = null!;

    public KdpHostInfo HostInfo { get; private set; } = null!;

    /// <summary>"Darwin Kernel Version ...; UUID=...; stext=0x...": the last only where the kernel is slid.</summary>
    public string KernelVersion { get; private set; } = "";

    /// <summary>Whether the kernel was resumed and has not said since that it stopped.</summary>
    public bool Runs { get; private set; }

    /// <param name="target">An address and port for UDP; a socket in the file system for a serial line.</param>
    /// <param name="takeOver">Ends a session that another debugger, which may be gone, has; the kernel forgets its breakpoints. Otherwise that is refused.</param>
    /// <exception cref="KdpException">No kernel is stopped there; another debugger has it; it speaks another language.</exception>
    public static async Task<KdpClient> ConnectAsync(EndPoint target, KdpOptions options, bool takeOver, CancellationToken cancellationToken)
    {
        var client = new KdpClient(await OpenAsync(target, cancellationToken), options);
        try
        {
            if (takeOver)
            {
                await client.ReattachAsync(cancellationToken);
            }

            await client.BeginAsync(cancellationToken);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <returns>Fewer bytes than asked where the memory ends; none where there is none.</returns>
    public async Task<byte[]> ReadMemoryAsync(ulong address, int count, CancellationToken cancellationToken)
    {
        var read = new List<byte>();
        while (read.Count < count)
        {
            var wanted = Math.Min(count - read.Count, KdpPacket.MaxData);
            var body = KdpBody.Read(address + (ulong)read.Count, wanted, HostInfo.Is64Bit);
            var answer = await AskAsync(HostInfo.Is64Bit ? KdpRequest.ReadMemory64 : KdpRequest.ReadMemory, body, KdpReply.Data, cancellationToken);
            var bytes = answer.Bytes.Span[..Math.Min(answer.Bytes.Length, wanted)];
            read.AddRange(bytes);
            if (bytes.Length < wanted)
            {
                break;
            }
        }

        return [.. read];
    }

    /// <returns>None, or why the target stopped to write; what came before that is written.</returns>
    public async Task<KdpError> WriteMemoryAsync(ulong address, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        for (var written = 0; written < data.Length; written += KdpPacket.MaxData)
        {
            var part = data[written..Math.Min(written + KdpPacket.MaxData, data.Length)];
            var body = KdpBody.Write(address + (ulong)written, part.Span, HostInfo.Is64Bit);
            var error = await AskErrorAsync(HostInfo.Is64Bit ? KdpRequest.WriteMemory64 : KdpRequest.WriteMemory, body, cancellationToken);
            if (error != KdpError.None)
            {
                return error;
            }
        }

        return KdpError.None;
    }

    /// <summary>Of the processor that stopped: other threads are found in the kernel's memory.</summary>
    /// <exception cref="KdpException">The target has none of an x86_64 processor.</exception>
    public async Task<X86ThreadState> ReadRegistersAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync(KdpRequest.ReadRegisters, KdpBody.ReadRegisters(), KdpReply.Data, cancellationToken);
        return answer.Error == KdpError.None && X86ThreadState.Decode(answer.Bytes.Span) is { } state
            ? state
            : throw new KdpException(
                KdpFailure.BadAnswer, $"The target at {Target} tells no registers of an x86_64 processor: error {(int)answer.Error}, {answer.Bytes.Length} bytes. Only such kernels can be debugged.");
    }

    public Task<KdpError> WriteRegistersAsync(X86ThreadState state, CancellationToken cancellationToken) =>
        AskErrorAsync(KdpRequest.WriteRegisters, KdpBody.WriteRegisters(state), cancellationToken);

    public Task<KdpError> SetBreakpointAsync(ulong address, CancellationToken cancellationToken) =>
        AskErrorAsync(HostInfo.Is64Bit ? KdpRequest.Breakpoint64Set : KdpRequest.BreakpointSet, KdpBody.Address(address, HostInfo.Is64Bit), cancellationToken, KdpError.BreakpointAlreadySet);

    public Task<KdpError> RemoveBreakpointAsync(ulong address, CancellationToken cancellationToken) =>
        AskErrorAsync(HostInfo.Is64Bit ? KdpRequest.Breakpoint64Remove : KdpRequest.BreakpointRemove, KdpBody.Address(address, HostInfo.Is64Bit), cancellationToken, KdpError.BreakpointNotFound);

    /// <summary>The path of the kernel's file. XNU does not implement it: null, after <see cref="KdpOptions.Tries"/> questions.</summary>
    public async Task<string?> TryReadImagePathAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var reply = await TrySendAsync(KdpRequest.ImagePath, default, cancellationToken);
            if (reply is null)
            {
                await TryResequenceAsync(cancellationToken);
            }

            return reply is null ? null : KdpReply.Text(reply.Body.Span);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Lets the kernel run. <see cref="WaitForStopAsync"/> tells when it stops again.</summary>
    /// <returns>Whether the kernel confirmed it; a kernel that runs does not repeat a confirmation that was lost.</returns>
    public async Task<bool> ResumeAsync(CancellationToken cancellationToken)
    {
        Runs = true;
        return await TrySendOffAsync(KdpRequest.ResumeProcessors, KdpBody.Words(uint.MaxValue), cancellationToken);
    }

    /// <summary>Waits for a kernel that was resumed to stop, for as long as it takes. KDP does not tell of the stop that let the debugger in.</summary>
    /// <exception cref="KdpException">Its machine is gone, where the channel tells.</exception>
    public async Task<KdpStop> WaitForStopAsync(CancellationToken cancellationToken)
    {
        try
        {
            var stop = await _link.Stops.ReadAsync(cancellationToken);
            Runs = false;
            return stop;
        }
        catch (ChannelClosedException exception)
        {
            throw new KdpException(KdpFailure.NoAnswer, $"The kernel at {Target} is gone with its machine while it ran. Start it again.", exception);
        }
    }

    /// <summary>Ends the session: breakpoints are removed and the kernel runs on, unless it panicked.</summary>
    public Task DetachAsync(CancellationToken cancellationToken) => TrySendOffAsync(KdpRequest.Disconnect, default, cancellationToken);

    /// <summary>Ends the session, and leaves the kernel stopped: it waits for the next debugger, without breakpoints.</summary>
    /// <exception cref="KdpException">It does not answer any more.</exception>
    public Task ReleaseAsync(CancellationToken cancellationToken) => ReattachAsync(cancellationToken);

    /// <summary>Starts the machine anew, which confirms nothing.</summary>
    public async Task RebootAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            for (var sent = 0; sent < _options.Tries; sent++)
            {
                await _link.SendAsync(Packet(KdpRequest.HostReboot, default), cancellationToken);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync();
        _turn.Dispose();
    }

    private static async Task<IKdpChannel> OpenAsync(EndPoint target, CancellationToken cancellationToken) => target switch
    {
        IPEndPoint address => new KdpDatagrams(address),
        UnixDomainSocketEndPoint socket => await KdpSerialLine.OpenAsync(socket, cancellationToken),
        _ => throw new ArgumentException($"KDP does not reach {target}.", nameof(target)),
    };

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        _sequence = 0;
        _link.ForgetStops();
        var connected = false;
        for (var round = 0; !connected && round < _options.Rounds; round++)
        {
            connected = await TryResequenceAsync(cancellationToken);
        }

        if (!connected)
        {
            throw NoAnswer();
        }

        Version = await AskAsync(KdpRequest.Version, default, body => KdpReply.Version(body.Span), cancellationToken);
        HostInfo = await AskAsync(KdpRequest.HostInfo, default, body => KdpReply.HostInfo(body.Span), cancellationToken);
        KernelVersion = await AskAsync(KdpRequest.KernelVersion, default, body => KdpReply.Text(body.Span), cancellationToken);
    }

    /// <summary>What ends any session: the target waits for a connection then, and takes it.</summary>
    private async Task ReattachAsync(CancellationToken cancellationToken)
    {
        var body = KdpBody.Reattach(_link.Port);
        var reply = await _link.TryAskAsync(new KdpPacket(KdpRequest.Reattach, IsReply: false, 0, _key, body), _options.Tries * _options.Rounds, cancellationToken);
        _key = reply is null ? throw NoAnswer() : reply.Key;
    }

    private async Task<KdpError> AskErrorAsync(KdpRequest request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken, KdpError? doneBefore = null)
    {
        var repeated = false;
        var answer = await AskAsync(request, body, KdpReply.Data, cancellationToken, () => repeated = true);

        // What is done twice because the first reply was lost is done.
        return repeated && answer.Error == doneBefore ? KdpError.None : answer.Error;
    }

    private async Task<T> AskAsync<T>(
        KdpRequest request, ReadOnlyMemory<byte> body, Func<ReadOnlyMemory<byte>, T?> read, CancellationToken cancellationToken, Action? repeats = null)
        where T : class
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (Runs)
            {
                throw new InvalidOperationException($"The kernel at {Target} runs: it answers when it has stopped, and KDP cannot stop it.");
            }

            for (var round = 0; round < _options.Rounds; round++)
            {
                if (await TrySendAsync(request, body, cancellationToken) is { } reply)
                {
                    return read(reply.Body)
                        ?? throw new KdpException(KdpFailure.BadAnswer, $"The target at {Target} answers {request} with {reply.Body.Length} bytes that do not hold what the protocol says. It does not speak KDP 12.");
                }

                // A datagram that came twice and late may have put the target's sequence back.
                repeats?.Invoke();
                await TryResequenceAsync(cancellationToken);
            }

            throw NoAnswer();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What lets the kernel go: one that is gone does not answer, and may have gone although its reply was lost.</summary>
    private async Task<bool> TrySendOffAsync(KdpRequest request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            for (var round = 0; round < _options.Rounds; round++)
            {
                if (await TrySendAsync(request, body, cancellationToken) is not null)
                {
                    return true;
                }

                // Only one that is still here answers this, or is here again: then it has said so before.
                if (!await TryResequenceAsync(cancellationToken))
                {
                    return false;
                }

                if (_link.Stops.TryPeek(out _))
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<KdpPacket?> TrySendAsync(KdpRequest request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        // XNU does not know a repetition of the last number for one.
        if (_sequence == LastSequence && !await TryResequenceAsync(cancellationToken))
        {
            return null;
        }

        var reply = await _link.TryAskAsync(Packet(request, body), _options.Tries, cancellationToken);
        if (reply is not null)
        {
            _sequence++;
        }

        return reply;
    }

    /// <summary>Connects, or connects again in the same words, which puts the target's sequence back to this one's and leaves the session as it is.</summary>
    private async Task<bool> TryResequenceAsync(CancellationToken cancellationToken)
    {
        var body = KdpBody.Connect(_link.Port, _link.Port, Greeting);
        var reply = await _link.TryAskAsync(new KdpPacket(KdpRequest.Connect, IsReply: false, 0, _key, body), _options.Tries, cancellationToken);
        switch (reply is null ? (KdpError?)null : KdpReply.Error(reply.Body.Span))
        {
            case null:
                return false;
            case KdpError.None:
                _sequence = 1;
                return true;
            default:
                throw new KdpException(
                    KdpFailure.Refused, $"The kernel at {Target} lets no debugger in: another one is connected. End that one, or take its session over.");
        }
    }

    private KdpPacket Packet(KdpRequest request, ReadOnlyMemory<byte> body) => new(request, IsReply: false, _sequence, _key, body);

    private KdpException NoAnswer()
    {
        var what = _link.IsClosed ? "nobody listens there" : "nobody answers";
        var line = Target is UnixDomainSocketEndPoint ? " On a serial line it listens where its boot-args say kdp_match_name=serial, and to one debugger." : "";
        return new KdpException(
            KdpFailure.NoAnswer,
            $"No kernel is in the debugger at {Target}: {what}. A kernel that runs does not listen, and KDP cannot interrupt it: it has to panic, to meet a breakpoint, "
            + "to be sent an NMI (boot-arg debug=0x4), or to halt at boot (debug=0x1); the gdb stub of VMware or QEMU can stop it at any time."
            + line);
    }
}
