using System.Xml.Linq;
using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>How a verdict looks: a colour, a sign for those who see no colours, and its word.</summary>
/// <param name="Word">For people.</param>
/// <param name="Colour">A class of the style sheet.</param>
/// <param name="Sign">An SVG path in a square of 16.</param>
internal sealed record VerdictMark(string Word, string Colour, string Sign)
{
    private const string Good = "good";
    private const string Bad = "bad";
    private const string Odd = "odd";
    private const string Quiet = "quiet";
    private const string Cross = "M4 4l8 8M12 4l-8 8";
    private const string Ring = "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12";

    public static VerdictMark NotRun { get; } = new("not run", Quiet, "M4 8h8");

    public static VerdictMark Cancelled { get; } = new("cancelled", Odd, "M4 4h8v8H4z");

    /// <summary>Of what was under way when the page was written.</summary>
    public static VerdictMark Unfinished { get; } = new("unfinished", Odd, "M4 4h8v8H4z");

    public static VerdictMark Of(Verdict verdict)
    {
        var (colour, sign) = verdict switch
        {
            Verdict.Passed => (Good, "M3 8.5l3.5 3.5L13 4.5"),
            Verdict.Failed => (Bad, Cross),
            Verdict.Panicked => (Bad, "M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z"),
            Verdict.Hung => (Bad, "M5.5 3.5v9M10.5 3.5v9"),
            Verdict.ConnectionLost => (Bad, "M1.5 8h4M10.5 8h4M9.5 4l-3 8"),
            Verdict.TimedOut => (Bad, $"{Ring}M8 5v3.2l2.2 1.6"),
            Verdict.Infrastructure => (Odd, "M8 2l6.5 11.5h-13zM8 6.5v3M8 11.6v.1"),
            Verdict.Flaky => (Odd, "M2 9c2-4 4-4 6 0s4 4 6 0"),
            Verdict.Refused => (Odd, $"{Ring}M4 4l8 8"),
            _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "An unknown verdict has no look."),
        };
        return new VerdictMark(Wording.Of(verdict), colour, sign);
    }

    /// <param name="more">Stands behind the word.</param>
    public XElement Show(string more = "") => Tag.Of("span", $"verdict {Colour}", Picture(), $"{Word}{more}");

    private XElement Picture() => new("svg",
        new XAttribute("viewBox", "0 0 16 16"),
        new XAttribute("aria-hidden", "true"),
        new XElement("path", new XAttribute("d", Sign)));
}
