using System.Globalization;
using System.Net;

namespace KextDev.GuestTests.Security;

/// <summary>What processes of this host accept from the network, by /proc: TCP sockets that listen, UDP sockets that nobody is connected to.</summary>
internal static class ListeningSockets
{
    private const string Listens = "0A";
    private const string Unconnected = "07";

    public static IReadOnlyList<IPEndPoint> Of(int process)
    {
        var sockets = Directory.EnumerateFiles($"/proc/{process}/fd").Select(Target).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return
        [
            .. new[] { ("tcp", Listens), ("tcp6", Listens), ("udp", Unconnected), ("udp6", Unconnected) }
                .SelectMany(table => File.ReadLines($"/proc/{process}/net/{table.Item1}").Skip(1)
                    .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Where(fields => fields[3] == table.Item2 && sockets.Contains($"socket:[{fields[9]}]"))
                    .Select(fields => Address(fields[1]))),
        ];
    }

    // A descriptor may be closed in between.
    private static string? Target(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false) is { } target ? Path.GetFileName(target.FullName) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    // "0100007F:1F90": words of four bytes, each in the processor's order.
    private static IPEndPoint Address(string text)
    {
        var parts = text.Split(':');
        var bytes = Convert.FromHexString(parts[0]).Chunk(4).SelectMany(word => word.Reverse()).ToArray();
        return new IPEndPoint(new IPAddress(bytes), int.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
