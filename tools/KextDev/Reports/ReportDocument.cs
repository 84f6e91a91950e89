using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace KextDev.Reports;

/// <summary>
/// The only way of a report with markup to its file. What a guest printed cannot become markup, since the framework alone writes any;
/// and each text is bounded and made printable here, whoever put it in.
/// </summary>
internal static class ReportDocument
{
    /// <summary>Of one text; what is over is left out of its middle.</summary>
    public const int MostCharacters = 64 * 1024;

    private const int HeadCharacters = MostCharacters / 2;

    // The HTML standard's void elements, as far as reports use them: all others have an end tag, also when they are empty.
    private static readonly HashSet<string> Void = new(["br", "col", "hr", "meta"], StringComparer.Ordinal);

    private static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    public static void WriteXml(XDocument document, string path) => Write(document, path, new XmlWriterSettings { Encoding = Utf8, Indent = true });

    /// <param name="document">Its elements are in no namespace; its style sheet has none of the characters that XML escapes.</param>
    public static void WriteHtml(XDocument document, string path)
    {
        foreach (var empty in document.Descendants().Where(element => element.IsEmpty && !Void.Contains(element.Name.LocalName)))
        {
            empty.Value = "";
        }

        Write(document, path, new XmlWriterSettings { Encoding = Utf8, OmitXmlDeclaration = true });
    }

    /// <summary>Printable lines of the text, all of it where it is short enough.</summary>
    internal static string Clean(string text)
    {
        var left = text.Length - MostCharacters;
        var bounded = left <= 0 ? text : $"{text[..HeadCharacters]}\n... {left:#,0} characters are left out here ...\n{text[^HeadCharacters..]}";
        return PrintableText.Of(bounded.Split('\n'));
    }

    private static void Write(XDocument document, string path, XmlWriterSettings settings)
    {
        foreach (var attribute in document.Descendants().Attributes().Where(attribute => !attribute.IsNamespaceDeclaration))
        {
            attribute.Value = Clean(attribute.Value);
        }

        foreach (var text in document.DescendantNodes().OfType<XText>())
        {
            text.Value = Clean(text.Value);
        }

        AtomicFile.Write(path, stream =>
        {
            using var writer = XmlWriter.Create(stream, settings);
            document.Save(writer);
        });
    }
}
