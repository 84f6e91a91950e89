using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

/// <summary>A sound kext; each test changes what it is about.</summary>
internal static class Samples
{
    public static KextInfo Info { get; } = new(
        "sample", "org.example.sample", "1.2.3", new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["com.apple.kpi.libkern"] = "8.0.0",
            ["com.apple.kpi.bsd"] = "8.0.0",
        })
    {
        Copyright = "Copyright its authors",
    };

    public static KextExecutable Executable { get; } = new(
        [KextExecutable.X86Processor], KextExecutable.KextFileType, [new("_printf"), new("_proc_pid")], [0x19, 0x02, 0x0B, 0x1B, 0x2A])
    {
        HasKmodInfo = true,
        KmodIdentifier = "org.example.sample",
        KmodVersion = "1.2.3",
        Uuid = new Guid("66034fec-c7b4-4ab1-9f62-01cf3b1c4d5e"),
    };
}
