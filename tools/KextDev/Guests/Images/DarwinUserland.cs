using System.Security.Cryptography;
using KextDev.Toolchains;

namespace KextDev.Guests.Images;

/// <summary>What a Darwin guest has besides an embedded Linux guest: kexthost, the commands of macOS that stand before it, and macOS's folders and groups.</summary>
public sealed class DarwinUserland
{
    private const string Multicall = "usr/lib/darwin-commands";

    /// <summary>Each where macOS has it.</summary>
    private static readonly string[] CommandPaths =
    [
        "sbin/kextload", "sbin/kextunload", "usr/sbin/kextstat", "usr/bin/kextutil", "usr/sbin/kextcache", "usr/bin/kmutil", "usr/sbin/nvram", "usr/bin/csrutil", "usr/sbin/spctl", "usr/bin/sw_vers",
        "usr/sbin/sysctl", "sbin/dmesg", "usr/bin/log", "sbin/reboot", "sbin/shutdown", "sbin/halt", "usr/bin/uname",
    ];

    /// <summary>What init calls, and a Mac has not.</summary>
    private static readonly string[] InternalPaths = ["usr/sbin/darwin-boot", "usr/sbin/darwin-panic"];

    private readonly byte[] _kextHost;
    private readonly byte[] _commands;

    private DarwinUserland(byte[] kextHost, byte[] commands)
    {
        _kextHost = kextHost;
        _commands = commands;
    }

    /// <summary>Names the programs' content.</summary>
    public string Key => Convert.ToHexStringLower(SHA256.HashData([.. SHA256.HashData(_kextHost), .. SHA256.HashData(_commands)]));

    /// <summary>By name: nobody else's program of such a name belongs into the guest.</summary>
    public IReadOnlyCollection<string> Commands { get; } = [.. CommandPaths.Select(path => Path.GetFileName(path))];

    /// <param name="sources">The folder kext/host.</param>
    public static async Task<DarwinUserland> MakeAsync(string sources, string cacheFolder, Note note, CancellationToken cancellationToken)
    {
        var toolchain = new KextHostToolchain(sources, Path.Combine(cacheFolder, "kexthost"), line => note(line), note);
        var programs = await toolchain.BuildAsync(cancellationToken);
        return new DarwinUserland(
            await File.ReadAllBytesAsync(programs.KextHost, cancellationToken), await File.ReadAllBytesAsync(programs.Commands, cancellationToken));
    }

    /// <param name="root">Unpacked packages.</param>
    public void AddTo(CpioArchive archive, string root)
    {
        foreach (var folder in (string[])["Library/Extensions", "Library/Logs/DiagnosticReports", "System/Library/Extensions", "System/Library/CoreServices", "var/db"])
        {
            archive.AddFolder(folder);
        }

        archive.AddText("etc/group", "wheel:x:0:\nnobody:x:65534:\n");
        archive.AddText("etc/passwd", "root:x:0:0:System Administrator:/root:/bin/sh\nnobody:x:65534:65534:Unprivileged User:/tmp:/bin/sh\n");
        archive.AddFile("usr/sbin/kexthost", _kextHost, "755");
        archive.AddFile(Multicall, _commands, "755");
        foreach (var path in CommandPaths.Concat(InternalPaths))
        {
            archive.AddLink(path, "/" + Multicall);
        }

        // busybox's own shell takes busybox's commands for any of such a name, wherever PATH leads.
        archive.AddFile("bin/dash", File.ReadAllBytes(Path.Combine(root, "bin/dash")), "755");
        archive.AddLink("bin/sh", "dash");

        // It is the one that edits lines, though.
        archive.AddText("root/.profile", "[ -t 0 ] && ENV=/etc/interactive exec /bin/busybox ash\n");
        archive.AddText("etc/interactive", string.Concat(CommandPaths.Select(path => $"{Path.GetFileName(path)}() {{ /{path} \"$@\"; }}\n")));
    }
}
