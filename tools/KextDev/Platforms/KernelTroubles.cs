using System.Globalization;

namespace KextDev.Platforms;

/// <summary>What a Linux kernel remembers of its troubles until it is started anew, and whether its console is told of them.</summary>
/// <param name="Letters">As its reports have them: a machine check (M), a bad page (B), an oops (D), a warning (W), a soft lockup (L). Other taints are no trouble.</param>
/// <param name="ArePrinted">Whether what warns comes on the console. A kernel that boots quietly prints errors alone.</param>
public sealed record KernelTroubles(string Letters, bool ArePrinted)
{
    public const string Command = "cat /proc/sys/kernel/tainted /proc/sys/kernel/printk";

    private const int WarningLevel = 4;

    private static readonly (int Bit, char Letter)[] s_letters = [(4, 'M'), (5, 'B'), (7, 'D'), (9, 'W'), (14, 'L')];

    /// <param name="text">What the command prints: a number with a bit for each taint, then the levels of messages, of which the console shows those below the first.</param>
    public static KernelTroubles Parse(string text)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var taints = Number(words.FirstOrDefault());
        return new KernelTroubles(
            string.Concat(s_letters.Where(taint => (taints >> taint.Bit & 1) != 0).Select(taint => taint.Letter)), Number(words.ElementAtOrDefault(1)) > WarningLevel);
    }

    private static ulong Number(string? word) => ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
