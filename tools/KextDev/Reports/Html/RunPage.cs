using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>
/// A run on one page for the person who opens it from a CI's artifacts: the verdict and what to do, what went wrong, then each guest.
/// It stands alone: one style sheet in the page, no script, nothing from elsewhere, and its policy allows nothing else.
/// </summary>
internal sealed partial class RunPage(RunRecord record, RunStarted started)
{
    private static readonly string s_style = ReadStyle();

    private static readonly string s_policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(s_style)))}'; base-uri 'none'; form-action 'none'";

    private readonly RunFiles _files = new(started.Folder);

    private RunResult? Result => record.Ended?.Result;

    private bool Cancelled => Result is { Cancelled: true };

    private VerdictMark Mark => Result switch
    {
        null => VerdictMark.Unfinished,
        { Cancelled: true } => VerdictMark.Cancelled,
        { Verdict: var verdict } => VerdictMark.Of(verdict),
    };

    public XDocument Document()
    {
        IReadOnlyList<GuestSection> guests = [.. started.Suites.Select(Section)];
        return new XDocument(new XDocumentType("html", null, null, null), new XElement("html", new XAttribute("lang", "en"), Head(), Body(guests)));
    }

    // Those before the last whose turn came had come to their end when the run was cancelled.
    private GuestSection Section(PlannedSuite suite, int index)
    {
        var guest = record.Guests.FirstOrDefault(guest => guest.Guest == suite.Guest);
        return new GuestSection(index, suite, guest, _files, Cancelled && (guest is null || guest == record.Guests[^1]));
    }

    private XElement Head() => new("head",
        new XElement("meta", new XAttribute("charset", "utf-8")),
        new XElement("meta", new XAttribute("http-equiv", "Content-Security-Policy"), new XAttribute("content", s_policy)),
        Meta("viewport", "width=device-width, initial-scale=1"),
        Meta("color-scheme", "light dark"),
        Meta("referrer", "no-referrer"),
        new XElement("title", $"{Mark.Word}: {Wording.Of(started)}"),
        new XElement("style", s_style));

    private XElement Body(IReadOnlyList<GuestSection> guests)
    {
        var wrong = guests.SelectMany(guest => guest.Summarize()).ToList();
        return new XElement("body",
            Tag.Of("header", Mark.Colour,
                new XElement("h1", Mark.Show(), " ", Tag.Of("span", "counts", Counts())),
                Tag.Of("p", "what", Wording.Of(started), ". ", Tag.Of("time", null, new XAttribute("datetime", started.Time.ToString("O")), Began())),
                Tag.Of("p", "advice", OptionName().Split(AdviceOf()).Select(part => part.StartsWith("--", StringComparison.Ordinal) ? new XElement("code", part) : (object)part)),
                wrong.Count == 0 ? null : Tag.Of("ul", "wrong", wrong),
                started.Command is null ? null : Tag.Of("p", "again", "The same run again: ", Tag.Command(started.Command))),
            new XElement("main",
                guests.Select(guest => guest.Show()),
                Tag.Of("section", null, new XElement("h2", "Files of this run"), _files.List())),
            new XElement("footer", $"Written by KextDev. What guests print is shown as text, control characters as \\xNN."));
    }

    private string Counts() => Result is { } result
        ? Wording.Counts(started, result)
        : $"{record.Guests.Sum(guest => guest.Results.Count(test => test.Verdict == Verdict.Passed))} of {started.Suites.Sum(suite => suite.Tests.Count)} passed";

    private string Began() => $"Began {started.Time.ToUniversalTime():yyyy-MM-dd HH:mm:ss} UTC";

    private string AdviceOf() => Result switch
    {
        null => Advice.Unfinished,
        { Cancelled: true } => Advice.Cancelled,
        { Verdict: var verdict } => Advice.Of(verdict),
    };

    private static XElement Meta(string name, string content) => new("meta", new XAttribute("name", name), new XAttribute("content", content));

    [GeneratedRegex("(?<option>--[a-z-]+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OptionName();

    private static string ReadStyle()
    {
        using var reader = new StreamReader(typeof(RunPage).Assembly.GetManifestResourceStream("report.css")!);
        return reader.ReadToEnd();
    }
}
