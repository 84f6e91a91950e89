using System.Buffers.Text;
using System.Globalization;

namespace KextDev.Guests.Vmware;

/// <summary>How bytes stand between the quotes of a .vmx file: a quote, a bar and a control character but TAB as a bar and two hexadecimal digits. A backslash is itself.</summary>
internal static class VmxText
{
    private const byte Bar = (byte)'|';
    private const byte Delete = 0x7F;

    public static byte[] Escape(ReadOnlySpan<byte> value)
    {
        var escaped = new List<byte>(value.Length);
        foreach (var one in value)
        {
            if (one is (byte)'"' or Bar or Delete || (one < ' ' && one != '\t'))
            {
                escaped.Add(Bar);
                escaped.AddRange(System.Text.Encoding.ASCII.GetBytes(one.ToString("X2", CultureInfo.InvariantCulture)));
            }
            else
            {
                escaped.Add(one);
            }
        }

        return [.. escaped];
    }

    /// <summary>A bar that no two digits follow stays as it is.</summary>
    public static byte[] Unescape(ReadOnlySpan<byte> escaped)
    {
        var value = new List<byte>(escaped.Length);
        for (var index = 0; index < escaped.Length; index++)
        {
            if (escaped[index] == Bar && escaped.Length - index > 2
                && Utf8Parser.TryParse(escaped.Slice(index + 1, 2), out byte one, out var used, 'X') && used == 2)
            {
                value.Add(one);
                index += 2;
            }
            else
            {
                value.Add(escaped[index]);
            }
        }

        return [.. value];
    }
}
