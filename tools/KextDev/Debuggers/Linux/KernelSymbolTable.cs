using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Debuggers.Linux;

/// <summary>The functions of a running kernel, without its modules': /proc/kallsyms, a guest's text.</summary>
/// <param name="Text">Where its code begins: the symbol _text.</param>
public sealed partial record KernelSymbolTable(ulong Text, IReadOnlyList<KernelSymbol> Functions)
{
    /// <summary>Prints the one line that tells where the code of a guest's kernel begins.</summary>
    public const string FindText = "grep -m 1 ' _text$' /proc/kallsyms";

    // A kernel has some 50,000; what is far more is no kernel's.
    private const int MostFunctions = 1_000_000;

    /// <returns>Null when the kernel does not tell its addresses (kptr_restrict), or the text is something else.</returns>
    public static KernelSymbolTable? Parse(string text)
    {
        ulong? start = null;
        var functions = new List<KernelSymbol>();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (Row().Match(line.ToString()) is { Success: true } match && functions.Count < MostFunctions)
            {
                var symbol = new KernelSymbol(
                    match.Groups["name"].Value, ulong.Parse(match.Groups["address"].ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                start ??= symbol.Name == "_text" ? symbol.Address : null;
                functions.Add(symbol);
            }
        }

        return start is null or 0 ? null : new KernelSymbolTable(start.Value, functions);
    }

    // Address, type, name; a module's symbol has its module's name behind. Functions are of type t or w.
    [GeneratedRegex(@"^(?<address>[0-9a-f]{16}) [tTwW] (?<name>[A-Za-z_.$][A-Za-z0-9_.$]{0,511})$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Row();
}

public sealed record KernelSymbol(string Name, ulong Address);
