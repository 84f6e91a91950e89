using System.Globalization;
using System.Net;
using KextDev.Guests.Qemu;

namespace KextDev.GuestTests.Security;

/// <summary>What processes of this host accept from others, by /proc: TCP sockets that listen, UDP sockets that nobody is connected to, unix sockets that listen.</summary>
/// <param name="EndPoints">Of the network.</param>
/// <param name="Files">Paths that unix sockets were bound to; one that is no file begins with '@'.</param>
/// <param name="Exposed">Those of <paramref name="Files"/> that other users may connect to.</param>
internal sealed record ListeningSockets(IReadOnlyList<IPEndPoint> EndPoints, IReadOnlyList<string> Files, IReadOnlyList<string> Exposed)
{
    private const string Listens = "0A";
    private const string Unconnected = "07";
    private const int Accepts = 0x10000;

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const UnixFileMode OthersEnter = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public static ListeningSockets Of(params IEnumerable<int> processes)
    {
        var all = processes.Select(Of).ToList();
        return new([.. all.SelectMany(sockets => sockets.EndPoints)], [.. all.SelectMany(sockets => sockets.Files)], [.. all.SelectMany(sockets => sockets.Exposed)]);
    }

    /// <summary>Those of this process, of all that it started, and of the machines of a state folder, whoever started them.</summary>
    public static ListeningSockets Ours(StateFolder state) =>
        Of(Family(Environment.ProcessId).Union(QemuFolder.All(state).Select(folder => folder.FindProcess()).OfType<QemuProcess>().Select(process => process.Id)));

    /// <summary>Nobody reaches them but from this machine, nor, where a file is the address, anyone but this user.</summary>
    public void ShouldBeForNobodyElse()
    {
        EndPoints.ShouldAllBe(socket => IPAddress.IsLoopback(socket.Address));
        Exposed.ShouldBeEmpty();
    }

    // A process, what it started, what that started, and so on.
    private static List<int> Family(int process)
    {
        var started = Directory.EnumerateDirectories("/proc").Select(folder => (Id: Number(Path.GetFileName(folder)), Parent: Parent(folder))).Where(found => found.Id > 0)
            .ToLookup(found => found.Parent, found => found.Id);
        var family = new List<int> { process };
        for (var next = 0; next < family.Count; next++)
        {
            family.AddRange(started[family[next]]);
        }

        return family;
    }

    private static ListeningSockets Of(int process)
    {
        try
        {
            var sockets = Directory.EnumerateFiles($"/proc/{process}/fd").Select(Target).OfType<string>().ToHashSet(StringComparer.Ordinal);
            var files = Rows(process, "unix").Where(fields => (Hex(fields[3]) & Accepts) != 0 && sockets.Contains($"socket:[{fields[6]}]"))
                .Select(fields => fields.Length > 7 ? string.Join(' ', fields[7..]) : "@").ToList();
            return new(
                [
                    .. new[] { ("tcp", Listens), ("tcp6", Listens), ("udp", Unconnected), ("udp6", Unconnected) }
                        .SelectMany(table => Rows(process, table.Item1).Where(fields => fields[3] == table.Item2 && sockets.Contains($"socket:[{fields[9]}]")).Select(fields => Address(fields[1]))),
                ],
                files,
                [.. files.Where(file => file[0] == '@' || !IsPrivate(Path.Combine(Directory.ResolveLinkTarget($"/proc/{process}/cwd", returnFinalTarget: false)!.FullName, file)))]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It ended in between.
            return new([], [], []);
        }
    }

    private static IEnumerable<string[]> Rows(int process, string table) =>
        File.ReadLines($"/proc/{process}/net/{table}").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    // Whoever connects must come through each folder, and may write to the file, which may have got another name since.
    private static bool IsPrivate(string file)
    {
        var closed = File.Exists(file) && (File.GetUnixFileMode(file) & OthersWrite) == UnixFileMode.None;
        for (var folder = Path.GetDirectoryName(file); !closed && folder is not null; folder = Path.GetDirectoryName(folder))
        {
            closed = (File.GetUnixFileMode(folder) & OthersEnter) == UnixFileMode.None;
        }

        return closed;
    }

    private static int Number(string name) => int.TryParse(name, CultureInfo.InvariantCulture, out var number) ? number : 0;

    // "PID (name) STATE PARENT ...": the name may hold anything.
    private static int Parent(string folder)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            return Number(text[(text.LastIndexOf(')') + 2)..].Split(' ')[1]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
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
        return new IPEndPoint(new IPAddress(bytes), Hex(parts[1]));
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
