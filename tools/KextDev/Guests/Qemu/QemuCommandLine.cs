using KextDev.Guests.Images;
using KextDev.Processes;

namespace KextDev.Guests.Qemu;

/// <summary>One machine, as QEMU is told to run it.</summary>
/// <param name="Memory">MiB.</param>
/// <param name="Port">Loopback port that leads to the guest's SSH server; 0 lets QEMU choose.</param>
public sealed record QemuCommandLine(
    BootImage Image, Accelerator Accelerator, int Memory, int Cpus, int Port, QemuFolder Folder, string ConsoleFile, string QmpSocket)
{
    /// <summary>Told to the guest's init through its kernel: words without spaces.</summary>
    public IReadOnlyList<string> InitArguments { get; init; } = [];

    /// <summary>Where the guest's memory lies when it comes from a snapshot or becomes one; null for memory of no name.</summary>
    public MemoryFile? MemoryFile { get; init; }

    /// <summary>Whether the machine has a serial line for the debugger of its kernel; its init is told.</summary>
    public bool HasKdpPort { get; init; }

    public string KdpSocket => Qemu.QmpSocket.KdpBeside(QmpSocket);

    public string RenewalSocket => Qemu.QmpSocket.Beside(QmpSocket);

    public const string Program = "qemu-system-x86_64";

    /// <summary>
    /// A panic ends in a machine that stays for its evidence: no reboot, no pause before the console is flushed.
    /// A hang of one processor becomes a panic. The timer is taken at its word: on a busy host an emulated one is late for the kernel's test
    /// of it, and the kernel goes on with a makeshift.
    /// </summary>
    private const string KernelArguments =
        "console=ttyS0 quiet panic=-1 oops=panic nokaslr no_timer_check cryptomgr.notests=1 unknown_nmi_panic "
        + "rcupdate.rcu_cpu_stall_timeout=5 sysctl.kernel.panic_on_rcu_stall=1";

    /// <summary>Where the guest's init waits to be saved: the second serial line.</summary>
    private const string RenewalArgument = "renewal=/dev/ttyS1";

    /// <summary>The third serial line, whether there is a second one or not.</summary>
    private const string KdpArgument = "kdp=/dev/ttyS2";

    /// <summary>The command to start the machine with: it returns when the machine runs, as a process of its own session that no Ctrl-C reaches.</summary>
    public HostCommand ToCommand() => new("setsid", ["--wait", Program, .. Arguments()]);

    public IEnumerable<string> Arguments() =>
    [
        "-machine", MemoryFile is null ? "q35" : "q35,memory-backend=ram",
        "-accel", Accelerator == Accelerator.Kvm ? "kvm" : "tcg,thread=multi",
        // All that the accelerator has: without RDRAND the first connection waits for entropy.
        // The MSR of arch-capabilities is refused by some nested hosts.
        "-cpu", Accelerator == Accelerator.Kvm ? "max,arch-capabilities=off" : "max",
        "-smp", $"{Cpus}",
        "-m", $"{Memory}",
        "-nodefaults", "-no-user-config", "-display", "none",
        "-netdev", $"user,id=n0,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:{Port}-10.0.2.15:22",
        // One that goes on from a snapshot is not to tell its network that it moved, which is long work for it: nobody is there but us.
        "-device", "virtio-net-pci,netdev=n0,romfile=,guest_announce=off",
        "-chardev", $"file,id=console,path={Escape(ConsoleFile)},append=on",
        "-serial", "chardev:console",
        "-chardev", $"socket,id=qmp,path={Escape(QmpSocket)},server=on,wait=off",
        "-mon", "chardev=qmp,mode=control",
        .. MemoryArguments(),
        .. KdpArguments(),
        "-device", "pvpanic",
        "-no-reboot", "-no-shutdown", "-action", "panic=none",
        "-kernel", Image.Kernel,
        "-initrd", Image.Initrd,
        "-append", string.Join(' ', [KernelArguments, .. InitArguments, .. HasKdpPort ? [KdpArgument] : Array.Empty<string>(), .. MemoryFile is null ? Array.Empty<string>() : [RenewalArgument]]),
        "-daemonize", "-pidfile", Folder.PidFile,
        // Where complaints of the running process go, which has no standard error any more.
        "-D", Folder.LogFile,
    ];

    private IEnumerable<string> MemoryArguments() => MemoryFile is { } file
        ?
        [
            "-object", $"memory-backend-file,id=ram,size={Memory}M,mem-path={Escape(file.Path)},share={(file.Saves ? "on" : "off")}",
            "-chardev", $"socket,id=renewal,path={Escape(RenewalSocket)},server=on,wait=off",
            "-serial", "chardev:renewal",
            .. file.Saves ? Array.Empty<string>() : ["-incoming", "defer"],
        ]
        : [];

    // By itself the third line would share its interrupt with the first.
    private IEnumerable<string> KdpArguments() => HasKdpPort
        ? ["-chardev", $"socket,id=kdp,path={Escape(KdpSocket)},server=on,wait=off", "-device", "isa-serial,chardev=kdp,index=2,irq=5"]
        : [];

    // QEMU's option parser takes a doubled comma for a comma.
    private static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);
}

/// <summary>A file that holds a guest's memory.</summary>
/// <param name="Saves">Whether what the guest writes goes to the file; otherwise it begins with the file's content and keeps its changes to itself.</param>
public sealed record MemoryFile(string Path, bool Saves);
