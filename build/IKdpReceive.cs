using System.Net;
using KextDev.Debuggers.Kdp;
using KextDev.Debugging;
using KextDev.Testing;
using Nuke.Common;
using Serilog;

internal interface IKdpReceive : IKdpProbe
{
    [Parameter("Where KdpReceive listens: this machine's address on the guest's network, or ADDRESS:PORT. Default: 127.0.0.1, port 1069.")]
    string? KdpListen => TryGetValue(() => KdpListen);

    Target KdpReceive => _ => _
        .Description("Waits for a macOS kernel to panic and to send its memory, or its panic's text, and keeps that in a run's folder. The kernel's boot-args say so: _panicd_ip=ADDRESS with debug=0x400 for a core, 0x2000 for the text.")
        .Executes(() => WorkAsync(async token =>
        {
            var address = await KdpEndPoint.ResolveAsync(KdpListen ?? "127.0.0.1", KdpDumpServer.DefaultPort, token);
            using var server = new KdpDumpServer(address, new KdpDumpOptions());
            Log.Information("Waiting at {Address} for a kernel that panics", server.EndPoint);
            if (!IPAddress.IsLoopback(server.EndPoint.Address))
            {
                Log.Warning("Whoever reaches this address can send a dump: the protocol knows no passwords. Listen on a network that the kernel alone is on, such as a hypervisor's own");
            }

            var folder = RunFolder.Create(State, "kdp", TimeProvider.System);
            var dump = await server.ReceiveAsync(folder, token);
            if (dump.Problem is { } problem)
            {
                throw new TargetFailedException($"{dump.Path} is not complete. {problem}");
            }

            Log.Information("{Path} is complete: {Size} bytes", dump.Path, new FileInfo(dump.Path).Length);
        }));
}
