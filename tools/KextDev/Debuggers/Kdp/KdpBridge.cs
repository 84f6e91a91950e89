using System.Net;
using System.Net.Sockets;
using KextDev.Debuggers.Gdb;

namespace KextDev.Debuggers.Kdp;

/// <summary>
/// A kernel in the debugger, for any debugger: on loopback it speaks gdb's remote protocol, to the kernel KDP. One debugger at a time; when one is gone without
/// a word the kernel stays as it is, and the next one finds it so.
/// </summary>
/// <remarks>KDP cannot interrupt a kernel that runs: where nothing else can, Ctrl-C is answered with a sentence that says so, and what can.</remarks>
public sealed class KdpBridge : IDisposable
{
    private readonly KdpClient _client;
    private readonly KdpStoppedKernel _kernel;
    private readonly Func<CancellationToken, Task>? _interrupt;
    private readonly TcpListener _listener;

    /// <param name="client">Connected. The bridge does not dispose it.</param>
    /// <param name="port">TCP, on loopback; 0 for any that is free.</param>
    /// <param name="interrupt">Stops the kernel while it runs, as an NMI does; null where nothing can.</param>
    /// <exception cref="InfrastructureException">The port is taken.</exception>
    public KdpBridge(KdpClient client, int port, Func<CancellationToken, Task>? interrupt = null)
    {
        _client = client;
        _kernel = new KdpStoppedKernel(client);
        _interrupt = interrupt;
        _listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            _listener.Start();
        }
        catch (SocketException exception)
        {
            _listener.Dispose();
            throw new InfrastructureException($"No debugger can be served on port {port} of this machine: {exception.Message}. Take another port.", exception);
        }
    }

    /// <summary>Of loopback, for "gdb-remote" of lldb or "target remote" of gdb.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Serves debuggers until one detaches, when the kernel runs on unless it panicked, or has the machine start anew ("monitor reboot").</summary>
    /// <exception cref="KdpException">The kernel is lost.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        bool ended;
        do
        {
            await using var connection = new GdbConnection(await _listener.AcceptSocketAsync(cancellationToken));
            ended = await new KdpBridgeSession(_kernel, connection, _interrupt).RunAsync(cancellationToken);
        }
        while (!ended);
    }

    /// <summary>Lets a kernel run on whose debugger is gone without a word; none may be served meanwhile.</summary>
    /// <returns>False for a kernel that runs already, with breakpoints that nobody can take out any more.</returns>
    public async Task<bool> LeaveAsync(CancellationToken cancellationToken)
    {
        if (_client.Runs && _kernel.Breakpoints.Any)
        {
            if (_interrupt is null)
            {
                return false;
            }

            await _interrupt(cancellationToken);
            await _kernel.WaitForStopAsync(cancellationToken);
        }

        if (!_client.Runs)
        {
            await _kernel.DetachAsync(cancellationToken);
        }

        return true;
    }

    public void Dispose() => _listener.Dispose();
}
