using System.Net;
using KextDev.Debuggers.Kdp;
using KextDev.Debugging;
using KextDev.Projects;
using KextDev.Reports;
using Nuke.Common;
using Serilog;

internal interface IKdpProbe : IKextDevBuild
{
    [Parameter("Where KdpProbe and KdpBridge ask for a macOS kernel in the debugger: ADDRESS or ADDRESS:PORT. Default: the address of --guest, port 41139.")]
    string? KdpAddress => TryGetValue(() => KdpAddress);

    Target KdpProbe => _ => _
        .Description("Tells of a macOS kernel that waits in the debugger which one it is, why it stopped, its panic's text and where it was; it goes on waiting. KDP reaches only a kernel that is stopped.")
        .Executes(() => WorkAsync(async token =>
        {
            var target = await FindKdpTargetAsync(token);
            await using var client = await KdpClient.ConnectAsync(target, new KdpOptions(), takeOver: false, token);
            var found = await KdpInspection.ReadAsync(client, token);
            await client.ReleaseAsync(token);
            Tell(target, found);
        }));

    sealed async Task<EndPoint> FindKdpTargetAsync(CancellationToken cancellationToken) =>
        KdpAddress is { } address ? await KdpEndPoint.ResolveAsync(address, KdpClient.TargetPort, cancellationToken) : await FindGuestAsync(cancellationToken);

    private async Task<EndPoint> FindGuestAsync(CancellationToken cancellationToken)
    {
        if (Guest is null)
        {
            throw new TargetFailedException("KDP speaks to one kernel: say which by --guest NAME, or where it is by --kdp-address ADDRESS");
        }

        var definition = FindGuests(LoadProject())[0];
        if (definition.Platform != GuestPlatform.Darwin)
        {
            throw new TargetFailedException($"KDP is a macOS kernel's: the guest {definition.Name} runs Linux. ./build.sh KernelDebug --guest {definition.Name} debugs its kernel");
        }

        return await KdpEndPoint.FindAsync(definition, Site, cancellationToken)
            ?? throw new TargetFailedException(
                $"Where the kernel of the guest {definition.Name} is found is not known, for it is not up: ./build.sh VmUp --guest {definition.Name}. A kernel that waits shows its address on its console: --kdp-address ADDRESS");
    }

    private static void Tell(EndPoint target, KdpInspection found)
    {
        Log.Information("A kernel waits in the debugger at {Target}: {Version}", target, PrintableText.Of(found.KernelVersion));
        Log.Information("UUID {Uuid}; its code begins at {Start}", found.Uuid ?? "unknown", found.TextStart is { } start ? $"0x{start:x}" : "the address in its file");
        Log.Information("Why it stopped: {Reason}", PrintableText.Of(found.Reason));
        foreach (var address in found.Backtrace)
        {
            Console.WriteLine($"  0x{address:x16}");
        }

        foreach (var line in found.PanicText?.Split('\n') ?? [])
        {
            Console.WriteLine(PrintableText.Of(line));
        }
    }
}
