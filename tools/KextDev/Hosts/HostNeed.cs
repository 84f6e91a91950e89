namespace KextDev.Hosts;

/// <summary>Something that a host must have.</summary>
/// <param name="Package">The Debian package that brings it.</param>
/// <param name="Purpose">What it is needed for, in a user's words.</param>
/// <param name="Sign">What shows that it is there: the name of a program, or the absolute path of a file, in which one folder may be "*".
/// Several, any of which will do, are separated by "|".</param>
public sealed record HostNeed(string Package, string Purpose, string Sign)
{
    /// <summary>What building an extension and running it in a guest take on Debian 12. apt, dpkg and setsid are part of every Debian.</summary>
    public static IReadOnlyList<HostNeed> Kernel { get; } =
    [
        new("qemu-system-x86", "runs the embedded guest", "qemu-system-x86_64"),
        new("gcc-12", "compiles kernel modules, as their kernel was compiled", "gcc-12"),
        new("gcc", "compiles the programs that run in the guest", "gcc"),
        new("make", "drives the kernel's build system", "make"),
        new("libc6-dev", "links the programs that run in the guest", "/usr/lib/*/libc.a"),
        new("libelf1", "is used by the kernel's build tools", "/usr/lib/*/libelf.so.1"),
        new("openssh-client", "speaks to the guest", "ssh"),
        new("openssh-client", "makes the keys", "ssh-keygen"),
        new("openssh-client", "moves files to and from the guest", "sftp"),
    ];

    /// <summary>What building a kext takes on a host that is no Mac; KextDev itself links.</summary>
    public static IReadOnlyList<HostNeed> Darwin { get; } =
    [
        new("clang-14", "compiles kexts", $"clang-14|clang|{Later("clang")}"),
        new("llvm-14", "gathers a kext's debug information", $"dsymutil-14|dsymutil|llvm-dsymutil|{Later("dsymutil")}"),
    ];

    /// <summary>What making a machine for VMware takes.</summary>
    public static IReadOnlyList<HostNeed> VirtualDisks { get; } =
    [
        new("qemu-utils", "makes and reads virtual disks", "qemu-img"),
        new("grub-common", "makes disks that boot", "grub-mkimage"),
        new("grub-pc-bin", "is what such disks boot with", "/usr/lib/grub/i386-pc/boot.img"),
    ];

    /// <summary>Reads DWARF, of dSYMs and Linux modules alike.</summary>
    public static HostNeed Symbolizer { get; } =
        new("llvm-14", "finds function, file and line of an address", $"llvm-symbolizer-14|llvm-symbolizer|{Later("llvm-symbolizer")}");

    /// <summary>lldb-14 cannot be installed on Debian 12; any later one will do. On a Mac it is just lldb.</summary>
    public static HostNeed Lldb { get; } = new("lldb-19", "is the debugger", $"lldb-19|{Later("lldb")}|lldb");

    /// <summary>What a debugger on a guest's kernel takes.</summary>
    public static IReadOnlyList<HostNeed> Debugger { get; } =
    [
        Lldb,
        new("binutils", "gives the kernel the names that the guest tells", "objcopy"),
        new("lz4", "unpacks the guest's kernel", "lz4"),
        new("xz-utils", "unpacks the guest's kernel", "xz"),
        new("zstd", "unpacks the guest's kernel", "zstd"),
    ];

    /// <summary>What KextDev's own tests take besides.</summary>
    public static IReadOnlyList<HostNeed> OwnTests { get; } =
    [
        new("clang-14", "compiles the tests that run under the sanitizers", "clang-14"),
        new("libclang-rt-14-dev", "is the sanitizers' own library", "/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.tsan-x86_64.a"),
        new("libclang-rt-14-dev", "is libFuzzer", "/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a"),
        .. Darwin,
        new("llvm-14", "reads back what the kext linker wrote", "llvm-objdump-14"),
        new("llvm-14", "reads back what the kext linker wrote", "llvm-readobj-14"),
        new("llvm-14", "reads back debug information", "llvm-dwarfdump-14"),
        new("llvm-14", "makes static archives", "llvm-ar-14"),
        Symbolizer,
        .. VirtualDisks,
        new("qemu-utils", "makes and reads virtual disks", "qemu-io"),
        new("e2fsprogs", "makes a guest's file system", "/sbin/mke2fs"),
        new("shellcheck", "checks the scripts that set guests up", "shellcheck"),
        new("lld-14", "is what the kext linker is compared with", "ld64.lld-14"),
        .. Debugger,
        new("gdb", "is the other debugger that the bridge to KDP serves", "gdb"),
    ];

    /// <summary>The sign that the package brings.</summary>
    public string FirstSign => Sign.Split('|')[0];

    public bool IsMet => Sign.Split('|').Any(sign => sign[0] != '/' ? ProgramPath.Find(sign) is not null : Matches(sign));

    private static string Later(string program) => string.Join('|', Enumerable.Range(15, 8).Select(version => $"{program}-{version}"));

    private static bool Matches(string pattern)
    {
        if (pattern.IndexOf('*') is var star && star < 0)
        {
            return File.Exists(pattern);
        }

        var parent = pattern[..star];
        return Directory.Exists(parent) && Directory.EnumerateDirectories(parent).Any(folder => File.Exists(folder + pattern[(star + 1)..]));
    }
}
