using KextDev.Debuggers.Kdp;
using KextDev.Debugging;
using KextDev.Guests;
using KextDev.Reports;
using Nuke.Common;
using Serilog;

internal interface IKdpBridge : IKdpProbe
{
    [Parameter("The port of this machine at which KdpBridge serves debuggers, on loopback. Default: any that is free, which is told.")]
    int? BridgePort => TryGetValue<int?>(() => BridgePort);

    Target KdpBridge => _ => _
        .Description("Lets any lldb or gdb debug a macOS kernel that waits in the debugger: speaks gdb's remote protocol on this machine, KDP to the kernel of --guest or --kdp-address. Ends when the debugger detaches, and the kernel runs on.")
        .Executes(() => WorkAsync(async token =>
        {
            await using var client = await KdpClient.ConnectAsync(await FindKdpTargetAsync(token), new KdpOptions(), takeOver: true, token);
            await using var guest = Guest is null ? null : GuestFactory.Create(FindGuests(LoadProject())[0], Site);
            var interrupt = guest is null ? null : await KdpEndPoint.FindNmiAsync(guest, token);
            using var bridge = new KextDev.Debuggers.Kdp.KdpBridge(client, BridgePort ?? 0, interrupt);
            Log.Information("The kernel at {Target}: {Version}", client.Target, PrintableText.Of(client.KernelVersion));
            Log.Information("lldb: gdb-remote 127.0.0.1:{Port}    gdb: target remote 127.0.0.1:{Port}", bridge.Port, bridge.Port);
            if (interrupt is null)
            {
                Log.Information("Ctrl-C in the debugger cannot stop it once it runs: KDP has no way to. Set breakpoints first");
            }

            await bridge.RunAsync(token);
        }));
}
