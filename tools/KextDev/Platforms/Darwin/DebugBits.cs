using System.Globalization;
using KextDev.Projects;

namespace KextDev.Platforms.Darwin;

/// <summary>The bits of XNU's boot-arg debug= (osfmk/kern/debug.h), by their names there.</summary>
public static class DebugBits
{
    /// <summary>DB_HALT: the kernel waits for a debugger at its start.</summary>
    public const uint Halt = 0x1;

    /// <summary>DB_NMI: an NMI stops the kernel in the debugger.</summary>
    public const uint Nmi = 0x4;

    /// <summary>Answers ARP and the NMI button, shows panics as text, prints to console and serial port.</summary>
    public const uint Usual = 0x14e;

    /// <summary>In the order of their values.</summary>
    public static IReadOnlyList<(string Name, uint Bit)> All { get; } =
    [
        ("DB_HALT", 0x1), ("DB_PRT", 0x2), ("DB_NMI", 0x4), ("DB_KPRT", 0x8), ("DB_KDB", 0x10), ("DB_SLOG", 0x20), ("DB_ARP", 0x40), ("DB_KDP_BP_DIS", 0x80),
        ("DB_LOG_PI_SCRN", 0x100), ("DB_KDP_GETC_ENA", 0x200), ("DB_KERN_DUMP_ON_PANIC", 0x400), ("DB_KERN_DUMP_ON_NMI", 0x800), ("DB_DBG_POST_CORE", 0x1000),
        ("DB_PANICLOG_DUMP", 0x2000), ("DB_REBOOT_POST_CORE", 0x4000), ("DB_NMI_BTN_ENA", 0x8000), ("DB_PRT_KDEBUG", 0x10000), ("DB_DISABLE_LOCAL_CORE", 0x20000),
        ("DB_DISABLE_GZIP_CORE", 0x40000), ("DB_DISABLE_CROSS_PANIC", 0x80000), ("DB_REBOOT_ALWAYS", 0x100000), ("DB_DISABLE_STACKSHOT_TO_DISK", 0x200000),
    ];

    /// <param name="names">Names, with or without DB_ and in any case, or numbers; separated by commas.</param>
    /// <exception cref="InfrastructureException">There is no such bit.</exception>
    public static uint Parse(string names) =>
        names.Split([',', '|', '+', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Aggregate(0u, (bits, name) => bits | ParseOne(name));

    /// <summary>The value of debug= as XNU reads numbers: 0x, 0b and 0 for other bases than ten, and 1 for the bare word.</summary>
    /// <returns>Null where it is no number.</returns>
    public static uint? Read(string value)
    {
        try
        {
            return value switch
            {
                "" => 1,
                ['0', 'x' or 'X', .. var digits] => Convert.ToUInt32(digits, 16),
                ['0', 'b' or 'B', .. var digits] => Convert.ToUInt32(digits, 2),
                ['0', .. var digits] when digits.Length > 0 => Convert.ToUInt32(digits, 8),
                _ => uint.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture),
            };
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>For people: "0x44 (DB_NMI, DB_ARP)".</summary>
    public static string Describe(uint bits)
    {
        var names = All.Where(known => (bits & known.Bit) != 0).Select(known => known.Name).ToList();
        return names.Count > 0 ? $"0x{bits:x} ({string.Join(", ", names)})" : $"0x{bits:x}";
    }

    private static uint ParseOne(string name)
    {
        var full = name.StartsWith("DB_", StringComparison.OrdinalIgnoreCase) ? name : "DB_" + name;
        return All.FirstOrDefault(known => known.Name.Equals(full, StringComparison.OrdinalIgnoreCase)) is { Bit: not 0 } found ? found.Bit
            : char.IsAsciiDigit(name[0]) && Read(name) is { } number ? number
            : throw new InfrastructureException(
                $"There is no debug flag '{name}'.{ClosestMatch.Question(full, All.Select(known => known.Name))} There are: {string.Join(", ", All.Select(known => known.Name))}.");
    }
}
