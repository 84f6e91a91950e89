using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VmrunStandIn;

/// <summary>One virtual machine, run by QEMU.</summary>
internal sealed class Machine(string vmx)
{
    public string Vmx { get; } = Path.GetFullPath(vmx);

    public Configuration Configuration { get; } = new(vmx);

    public bool IsRunning => Host.IsRunning(Vmx);

    private int SshPort => int.Parse(Configuration["standIn.sshPort"] ?? "2222");

    /// <summary>On the loopback network, and neither its first nor its last address.</summary>
    public string Address
    {
        get
        {
            var hash = Host.Hash(Vmx);
            return Configuration["standIn.address"] ?? $"127.{100 + (hash[0] % 100)}.{hash[1]}.{2 + (hash[2] % 250)}";
        }
    }

    /// <summary>The machine's disks that are files, by their names in the configuration.</summary>
    public IEnumerable<(string Device, string File)> Disks =>
        from name in Configuration.Names.Order(StringComparer.Ordinal)
        where name.EndsWith(".fileName", StringComparison.OrdinalIgnoreCase) && name.Contains(':', StringComparison.Ordinal)
        let device = name[..^".fileName".Length]
        where Configuration.IsOn($"{device}.present") && !(Configuration[$"{device}.deviceType"] ?? "").StartsWith("cdrom", StringComparison.OrdinalIgnoreCase)
        select (device, Configuration.PathOf(name)!);

    /// <param name="state">Saved state of a running machine to go on from; null boots.</param>
    public void Start(string? state)
    {
        Host.Register(Vmx);
        GenerateCard();
        var error = Execute("qemu-system-x86_64", Arguments(state));
        if (error is not null)
        {
            throw new VmrunError(error.Contains("No such file", StringComparison.Ordinal) ? "A file was not found" : $"QEMU said: {error}");
        }

        if (Configuration.PathOf("standIn.leases") is { } leases)
        {
            File.AppendAllText(
                leases,
                $"lease {Address} {{\n\tends 4 {DateTime.UtcNow.AddHours(1):yyyy/MM/dd HH:mm:ss};\n\thardware ethernet {Configuration["ethernet0.generatedAddress"]};\n}}\n");
        }
    }

    public void Quit()
    {
        try
        {
            using var qmp = new Qmp(Host.File(Vmx, "qmp"));
            qmp.Run("quit");
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            // It just ended by itself.
        }

        while (IsRunning)
        {
            Thread.Sleep(10);
        }

        foreach (var extension in (string[])["qmp", "pid", "vmx"])
        {
            File.Delete(Host.File(Vmx, extension));
        }
    }

    /// <summary>Saves the running machine's state; it is halted afterwards.</summary>
    public static void Save(string file, Qmp qmp)
    {
        qmp.Run("migrate", new { uri = $"exec:cat >'{file}'" });
        while (qmp.Run("query-migrate").GetProperty("status").GetString() is var status and not "completed")
        {
            if (status == "failed")
            {
                throw new VmrunError("QEMU could not save the machine's state");
            }

            Thread.Sleep(10);
        }
    }

    /// <summary>What VMware Tools would know: whether the guest's system is up. A busy one takes seconds for its banner.</summary>
    public bool AnswersOnSsh()
    {
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
            socket.Connect(IPAddress.Parse(Address), SshPort);
            var banner = new byte[4];
            return socket.Receive(banner) == banner.Length && Encoding.ASCII.GetString(banner) == "SSH-";
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <returns>What it complained about; null when it ended well.</returns>
    public static string? Execute(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : error.Trim();
    }

    private List<string> Arguments(string? state)
    {
        var nic = Configuration["standIn.nic"] ?? Configuration["ethernet0.virtualDev"] ?? "e1000";
        List<string> arguments =
        [
            "-name", Configuration["displayName"] ?? "machine",
            "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-nodefaults", "-no-user-config", "-display", "none",
            "-smp", Configuration["numvcpus"] ?? "1", "-m", Configuration["memsize"] ?? "256",
            "-chardev", $"socket,id=qmp,path={Host.File(Vmx, "qmp")},server=on,wait=off", "-mon", "chardev=qmp,mode=control",
            "-daemonize", "-pidfile", Host.File(Vmx, "pid"),
        ];
        if (Configuration.IsOn("ethernet0.present"))
        {
            arguments.AddRange(
            [
                "-netdev", $"user,id=n0,restrict=on,ipv6=off,hostfwd=tcp:{Address}:{SshPort}-10.0.2.15:22",
                "-device", $"{nic},netdev=n0,romfile=,mac={Configuration["ethernet0.generatedAddress"]}",
            ]);
        }

        if (Configuration.IsOn("serial0.present") && Configuration["serial0.fileType"] == "file")
        {
            arguments.AddRange(["-chardev", $"file,id=serial0,append=on,path={Configuration.PathOf("serial0.fileName")}", "-serial", "chardev:serial0"]);
        }

        if (Configuration.IsOn("svga.present"))
        {
            arguments.AddRange(["-device", "VGA,romfile="]);
        }

        if (Configuration.IsOn("debugStub.listen.guest64"))
        {
            arguments.AddRange(["-gdb", $"tcp:127.0.0.1:{Configuration["debugStub.port.guest64"] ?? "8864"}"]);
        }

        foreach (var (device, file) in Disks)
        {
            var id = device.Replace(':', '-');
            arguments.AddRange(["-drive", $"if=none,id={id},file={file},format=vmdk", "-device", $"{Configuration["standIn.disk"] ?? "ide-hd"},drive={id}"]);
        }

        if (Configuration.PathOf("standIn.kernel") is { } kernel)
        {
            arguments.AddRange(["-kernel", kernel, "-initrd", Configuration.PathOf("standIn.initrd") ?? "", "-append", Configuration["standIn.append"] ?? ""]);
        }

        if (state is not null)
        {
            arguments.AddRange(["-incoming", $"exec:cat '{state}'"]);
        }

        return arguments;
    }

    // VMware's own prefix, and a number that stays.
    private void GenerateCard()
    {
        if (Configuration.IsOn("ethernet0.present") && Configuration["ethernet0.generatedAddress"] is null)
        {
            var hash = Host.Hash(Vmx);
            if (Configuration["ethernet0.addressType"] is null)
            {
                Configuration.Append("ethernet0.addressType", "generated");
            }

            Configuration.Append("ethernet0.generatedAddress", $"00:0c:29:{hash[0]:x2}:{hash[1]:x2}:{hash[2]:x2}");
        }
    }
}
