using System.Globalization;

namespace KextDev.Debuggers.Linux;

/// <summary>The functions of a running kernel and its modules, by address.</summary>
public sealed class FunctionNames
{
    // Longer than any function: what lies further behind one is not its.
    private const ulong LongestFunction = 256 << 10;

    private readonly NamedFunction[] _functions;

    public FunctionNames(IEnumerable<NamedFunction> functions) =>
        _functions = [.. functions.Where(function => function.Address != 0).OrderBy(function => function.Address)];

    public bool IsEmpty => _functions.Length == 0;

    /// <summary>The function that an address lies in; null for none that is known.</summary>
    public NamedFunction? Find(ulong address)
    {
        var (low, high) = (0, _functions.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _functions[middle].Address <= address ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && address - _functions[low - 1].Address < LongestFunction ? _functions[low - 1] : null;
    }

    /// <summary>"ring_write+0x1f [ring]"; the address alone where no function is known.</summary>
    public string Describe(ulong address) => Find(address) is { } function
        ? string.Create(CultureInfo.InvariantCulture, $"{function.Name}+0x{address - function.Address:x}{(function.Module is null ? "" : $" [{function.Module}]")}")
        : string.Create(CultureInfo.InvariantCulture, $"0x{address:x}");
}

/// <param name="Module">Null for one of the kernel's own.</param>
public sealed record NamedFunction(ulong Address, string Name, string? Module);
