using System.Globalization;
using System.Runtime.InteropServices;
using System.Xml;

namespace KextDev.Bundles;

/// <summary>XML property lists: DOCTYPEs are skipped unread, so no entity but XML's own five exists.</summary>
internal sealed class XmlPlistReader(ReadOnlyMemory<byte> bytes)
{
    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Ignore,
        XmlResolver = null,
        MaxCharactersInDocument = PlistReader.LargestFile,
        MaxCharactersFromEntities = 1024,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    private int valueCount;

    public PlistValue Read()
    {
        var array = MemoryMarshal.TryGetArray(bytes, out var segment) ? segment : new ArraySegment<byte>(bytes.ToArray());
        using var stream = new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
        try
        {
            using var xml = XmlReader.Create(stream, Settings);
            return ReadDocument(xml);
        }
        catch (XmlException malformed)
        {
            throw new PlistException("PL1101", Line(malformed.LineNumber), malformed.Message, malformed);
        }
    }

    private PlistValue ReadDocument(XmlReader xml)
    {
        if (xml.MoveToContent() != XmlNodeType.Element || xml.Name != "plist")
        {
            throw Refusal(xml, "PL1102", "no <plist> element: this is no XML property list");
        }

        if (!MoveToChild(xml))
        {
            throw Refusal(xml, "PL1103", "<plist> is empty");
        }

        var value = ReadValue(xml, depth: 0);
        if (xml.NodeType != XmlNodeType.EndElement)
        {
            throw Refusal(xml, "PL1104", "<plist> holds more than one value");
        }

        // To the end: what follows </plist> must be well-formed too.
        while (xml.Read())
        {
        }

        return value;
    }

    /// <summary>From the value's start tag to behind its end tag.</summary>
    private PlistValue ReadValue(XmlReader xml, int depth)
    {
        if (xml.NodeType != XmlNodeType.Element)
        {
            throw Refusal(xml, "PL1105", "text where a value's tag is expected");
        }

        if (++valueCount > PlistReader.MostValues)
        {
            throw Refusal(xml, "PL1002", $"more than {PlistReader.MostValues} values");
        }

        if (depth > PlistReader.DeepestNesting)
        {
            throw Refusal(xml, "PL1003", $"nested deeper than {PlistReader.DeepestNesting} levels");
        }

        switch (xml.Name)
        {
            case "dict": return ReadDictionary(xml, depth);
            case "array": return ReadArray(xml, depth);
            case "true": return ReadFlag(xml, true);
            case "false": return ReadFlag(xml, false);
        }

        var kind = xml.Name;
        var line = LineOf(xml);
        var text = xml.Name is "string" or "integer" or "real" or "date" or "data"
            ? ReadText(xml)
            : throw Refusal(xml, "PL1106", $"<{xml.Name}> is no kind of value");
        return Convert(kind, text)
            ?? throw new PlistException("PL1107", line, $"'{Shortened(text)}' is no <{kind}>");
    }

    private static PlistValue? Convert(string kind, string text) => kind switch
    {
        "string" => new PlistText(text),
        "integer" => ConvertInteger(text.Trim()),
        "real" => double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var real)
            ? new PlistReal(real)
            : null,
        "date" => DateTimeOffset.TryParseExact(
            text.Trim(), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? new PlistDate(date)
            : null,
        _ => ConvertData(text),
    };

    private static PlistInteger? ConvertInteger(string text)
    {
        var negative = text.StartsWith('-');
        var digits = text.TrimStart('+', '-');
        var hexadecimal = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (text.Length - digits.Length > 1
            || !ulong.TryParse(
                hexadecimal ? digits[2..] : digits,
                hexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var magnitude))
        {
            return null;
        }

        var value = negative ? -(Int128)magnitude : magnitude;
        return value < long.MinValue ? null : new PlistInteger(value);
    }

    private static PlistData? ConvertData(string text)
    {
        try
        {
            return new PlistData(System.Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private PlistArray ReadArray(XmlReader xml, int depth)
    {
        var items = new List<PlistValue>();
        if (MoveToChild(xml))
        {
            while (xml.NodeType != XmlNodeType.EndElement)
            {
                items.Add(ReadValue(xml, depth + 1));
            }

            Advance(xml);
        }

        return new PlistArray(items);
    }

    private PlistDict ReadDictionary(XmlReader xml, int depth)
    {
        var entries = new OrderedDictionary<string, PlistValue>(StringComparer.Ordinal);
        if (!MoveToChild(xml))
        {
            return new PlistDict(entries);
        }

        while (xml.NodeType != XmlNodeType.EndElement)
        {
            if (xml.NodeType != XmlNodeType.Element || xml.Name != "key")
            {
                throw Refusal(xml, "PL1108", "a <key> is expected in <dict>");
            }

            var line = LineOf(xml);
            var key = ReadText(xml);
            if (xml.NodeType == XmlNodeType.EndElement)
            {
                throw Refusal(xml, "PL1109", $"key '{Shortened(key)}' has no value");
            }

            if (!entries.TryAdd(key, ReadValue(xml, depth + 1)))
            {
                throw new PlistException("PL1004", line, $"key '{Shortened(key)}' appears twice in one dictionary");
            }
        }

        Advance(xml);
        return new PlistDict(entries);
    }

    private static PlistFlag ReadFlag(XmlReader xml, bool value)
    {
        var text = ReadText(xml);
        return string.IsNullOrWhiteSpace(text)
            ? new PlistFlag(value)
            : throw Refusal(xml, "PL1110", $"<{(value ? "true" : "false")}> holds text");
    }

    /// <summary>The text of an element without children; ends behind its end tag.</summary>
    private static string ReadText(XmlReader xml)
    {
        if (xml.IsEmptyElement)
        {
            Advance(xml);
            return "";
        }

        var text = new System.Text.StringBuilder();
        while (xml.Read() && xml.NodeType != XmlNodeType.EndElement)
        {
            if (xml.NodeType == XmlNodeType.Element)
            {
                throw Refusal(xml, "PL1111", $"<{xml.Name}> inside a value that holds text alone");
            }

            text.Append(xml.Value);
        }

        Advance(xml);
        return text.ToString();
    }

    /// <summary>From a start tag to the first node inside; false and behind the element where it is empty.</summary>
    private static bool MoveToChild(XmlReader xml)
    {
        var empty = xml.IsEmptyElement;
        Advance(xml);
        if (!empty && xml.NodeType == XmlNodeType.EndElement)
        {
            Advance(xml);
            return false;
        }

        return !empty;
    }

    /// <summary>To the next tag or text. Blanks matter inside strings alone, so no setting of the reader may drop them.</summary>
    private static void Advance(XmlReader xml)
    {
        xml.Read();
        xml.MoveToContent();
    }

    private static string Shortened(string text) => text.Length <= 40 ? text : text[..40] + "...";

    private static string LineOf(XmlReader xml) => Line(((IXmlLineInfo)xml).LineNumber);

    private static string Line(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static PlistException Refusal(XmlReader xml, string code, string message) => new(code, LineOf(xml), message);
}
