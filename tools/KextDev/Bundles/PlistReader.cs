namespace KextDev.Bundles;

/// <param name="Value">Null when an error was found.</param>
public sealed record PlistReading(PlistValue? Value, IReadOnlyList<Finding> Findings);

/// <summary>
/// Reads property lists, XML or binary. The input is hostile: whatever it holds, the answer is a value or numbered findings
/// (PL1001.. general, PL1101.. XML, PL1201.. binary), in bounded time and memory.
/// </summary>
public static class PlistReader
{
    /// <summary>Bytes. A kext's Info.plist has some kilobytes; personalities with firmware tables some hundred.</summary>
    internal const int LargestFile = 16 << 20;

    /// <summary>Containers inside containers.</summary>
    internal const int DeepestNesting = 128;

    /// <summary>Values in the whole list, counted as often as they are referred to.</summary>
    internal const int MostValues = 200_000;

    /// <param name="name">Of the file, for the findings.</param>
    public static PlistReading Read(ReadOnlyMemory<byte> bytes, string name)
    {
        if (bytes.Length > LargestFile)
        {
            return Refused("PL1001", $"property list of {bytes.Length} bytes; {LargestFile} is the most that is read", name);
        }

        try
        {
            var value = bytes.Span.StartsWith("bplist"u8)
                ? new BinaryPlistReader(bytes).Read()
                : new XmlPlistReader(bytes).Read();
            return new PlistReading(value, []);
        }
        catch (PlistException refusal)
        {
            return Refused(refusal.Code, refusal.Message, $"{name}:{refusal.Place}");
        }
    }

    private static PlistReading Refused(string code, string message, string where) =>
        new(null, [new Finding(Severity.Error, code, message, where, "Write the list anew with an editor for property lists.")]);
}

/// <summary>Ends the reading of a malformed list; never leaves <see cref="PlistReader"/>.</summary>
/// <param name="place">Line for XML, "0x" and offset for binary.</param>
internal sealed class PlistException(string code, string place, string message, Exception? cause = null) : Exception(message, cause)
{
    public string Code { get; } = code;

    public string Place { get; } = place;
}
