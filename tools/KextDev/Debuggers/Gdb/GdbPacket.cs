using System.Globalization;
using System.Text;

namespace KextDev.Debuggers.Gdb;

/// <summary>
/// Packets of gdb's remote protocol ("Debugging with GDB", appendix E): <c>$data#checksum</c>, with the bytes $ # } * of the data as } and the byte with bit 5 turned.
/// Text here has a character for each byte, as in Latin-1.
/// </summary>
internal static class GdbPacket
{
    /// <summary>Of the data of a packet, once unescaped. Debuggers are told, and send no longer ones.</summary>
    public const int MaxData = 0x4000;

    private const char Escape = '}';
    private const int Turned = 0x20;

    public static byte[] Encode(string data)
    {
        var escaped = new StringBuilder(data.Length + 4);
        foreach (var character in data)
        {
            if (character is '$' or '#' or '*' or Escape)
            {
                escaped.Append(Escape).Append((char)(character ^ Turned));
            }
            else
            {
                escaped.Append(character);
            }
        }

        var text = escaped.ToString();
        return Encoding.Latin1.GetBytes($"${text}#{Checksum(text):x2}");
    }

    public static byte Checksum(string escaped) => (byte)escaped.Sum(character => character);

    public static string Unescape(string escaped)
    {
        var data = new StringBuilder(escaped.Length);
        for (var i = 0; i < escaped.Length; i++)
        {
            data.Append(escaped[i] == Escape && i + 1 < escaped.Length ? (char)(escaped[++i] ^ Turned) : escaped[i]);
        }

        return data.ToString();
    }

    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    public static string HexText(string text) => Hex(Encoding.UTF8.GetBytes(text));

    /// <returns>Null where it is no pairs of hexadecimal digits.</returns>
    public static byte[]? Bytes(string hex)
    {
        try
        {
            return Convert.FromHexString(hex);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    public static bool TryNumber(string hex, out ulong number) => ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, null, out number);
}
