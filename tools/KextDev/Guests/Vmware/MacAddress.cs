using System.Globalization;

namespace KextDev.Guests.Vmware;

/// <summary>A network card's address: 48 bits.</summary>
public readonly record struct MacAddress(ulong Value)
{
    private const int Parts = 6;

    /// <summary>The address of a machine's first card, which VMware generates at its first start, or a person sets; null before.</summary>
    public static MacAddress? Of(VmxFile vmx, int card = 0)
    {
        var given = vmx.Get($"ethernet{card}.addressType")?.Equals("static", StringComparison.OrdinalIgnoreCase) == true
            ? vmx.Get($"ethernet{card}.address")
            : vmx.Get($"ethernet{card}.generatedAddress") ?? vmx.Get($"ethernet{card}.address");
        return TryParse(given);
    }

    /// <summary>Reads "00:0c:29:01:02:03", with '-' too, and as macOS prints it, without leading zeros; null when it is none.</summary>
    public static MacAddress? TryParse(string? text)
    {
        var parts = (text ?? "").Split(':', '-');
        if (parts.Length != Parts)
        {
            return null;
        }

        ulong value = 0;
        foreach (var part in parts)
        {
            if (part.Length > 2 || !byte.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var one))
            {
                return null;
            }

            value = (value << 8) | one;
        }

        return new MacAddress(value);
    }

    public override string ToString()
    {
        var value = Value;
        return string.Join(':', Enumerable.Range(0, Parts).Select(part => (byte)(value >> (8 * (Parts - 1 - part)))).Select(part => part.ToString("x2", CultureInfo.InvariantCulture)));
    }
}
