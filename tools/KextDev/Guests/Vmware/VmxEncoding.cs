using System.Text;

namespace KextDev.Guests.Vmware;

/// <summary>The encoding of a .vmx file's values: what its ".encoding" says, else UTF-8 where its bytes are that, else Windows' western one.</summary>
internal sealed class VmxEncoding
{
    private const string Setting = ".encoding";

    private readonly Encoding _encoding;

    private VmxEncoding(Encoding encoding, byte[] preamble)
    {
        _encoding = Encoding.GetEncoding(encoding.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ReplacementFallback);
        Preamble = preamble;
    }

    /// <summary>The byte order mark that the file starts with; empty when it has none.</summary>
    public byte[] Preamble { get; }

    public static VmxEncoding Of(ReadOnlySpan<byte> content, IReadOnlyList<VmxLine> lines)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        if (content.StartsWith(Encoding.UTF8.Preamble))
        {
            return new VmxEncoding(Encoding.UTF8, Encoding.UTF8.Preamble.ToArray());
        }

        var named = lines.LastOrDefault(line => line.Is(Setting)) is { } line ? Find(Encoding.Latin1.GetString(line.Value.Span)) : null;
        return new VmxEncoding(named ?? (IsUtf8(content) ? Encoding.UTF8 : Encoding.GetEncoding("windows-1252")), []);
    }

    public string Decode(ReadOnlySpan<byte> text) => _encoding.GetString(text);

    /// <param name="name">Of the setting, for the message.</param>
    /// <exception cref="InfrastructureException">The encoding lacks a character of the value.</exception>
    public byte[] Encode(string value, string name)
    {
        try
        {
            return _encoding.GetBytes(value);
        }
        catch (EncoderFallbackException exception)
        {
            throw new InfrastructureException(
                $"{name} was not set to '{value}': the .vmx file is written in {_encoding.WebName}, which lacks a character of that. "
                + "Choose a name without it, or let VMware write the file anew in UTF-8.",
                exception);
        }
    }

    // Text that is no superset of ASCII (UTF-16) cannot be what a file of ASCII names is written in.
    private static Encoding? Find(string name)
    {
        try
        {
            return Encoding.GetEncoding(name) is var encoding && encoding.GetByteCount("=") == 1 ? encoding : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool IsUtf8(ReadOnlySpan<byte> content) => System.Text.Unicode.Utf8.IsValid(content);
}
