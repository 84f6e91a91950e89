using System.Text.RegularExpressions;
using System.Xml.Linq;
using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>All that explains one verdict: the message, the crash, what the processors did, logs, console, notes.</summary>
internal sealed partial class Trouble(RunFiles files)
{
    // As many lines as nobody minds to scroll past.
    private const int Few = 40;
    private const int MostPlaces = 12;

    // A message with more lines is a compiler's.
    private const int MostProse = 5;

    /// <param name="tries">Each time that it ran.</param>
    /// <param name="command">Runs it again; null where nobody typed the run.</param>
    public XElement OfTest(string anchor, string guest, TestResult result, IReadOnlyList<Passage> tries, string? command) =>
        Tag.Of("article", VerdictMark.Of(result.Verdict).Colour,
            new XAttribute("id", anchor),
            Tag.Heading("h3", new object[] { VerdictMark.Of(result.Verdict).Show(), " ", result.Name }, $"on {guest}, {Wording.Of(result.Duration)}"),
            tries is [{ Result: { } only } once] ? Explain(only, once) : tries.Select(Try),
            command is null ? null : Tag.Of("p", "again", "Again: ", Tag.Command(command)));

    /// <summary>A test that had begun when the run ended.</summary>
    public XElement OfUnfinished(Passage test) => Tag.Of("article", VerdictMark.Unfinished.Colour,
        new XElement("h3", VerdictMark.Unfinished.Show(), " ", test.Name), Evidence(test), Console(test));

    /// <summary>What came while a stage that failed was under way.</summary>
    public IEnumerable<XElement?> OfStage(Passage stage) => [.. Evidence(stage), Console(stage)];

    public XElement? Message(string? text) => string.IsNullOrEmpty(text) ? null : Tag.Of(text.Count(c => c == '\n') < MostProse ? "p" : "pre", "message", files.Link(text));

    public static XElement? Lines(string title, IReadOnlyCollection<string> lines, bool open, string before = "") =>
        lines.Count == 0 ? null : Tag.Fold($"{title}: {Count(lines.Count, "line")}", open, Tag.Of("pre", null, before, lines.Select(Line)));

    /// <summary>Notes that name files are links to them.</summary>
    public XElement? Notes(IReadOnlyCollection<string> notes) =>
        notes.Count == 0 ? null : Tag.Of("ul", "notes", notes.Select(note => new XElement("li", files.Link(note))));

    /// <summary>Its places in the sources first: the rest of a report is for who wants to know more.</summary>
    public static XElement Crash(KernelCrashed crash)
    {
        var report = crash.Text.Split('\n');
        var places = report.Where(line => IsPlace(line)).Take(MostPlaces).Select(line => $"{line.Trim()}\n").ToList();
        return Tag.Of("div", crash.Fatal ? "crash" : "crash complaint",
            Tag.Of("p", "title", crash.Fatal ? "The kernel died: " : "The kernel complained: ", new XElement("strong", crash.Title)),
            Culprit(crash),
            places.Count == 0 ? null : Tag.Of("pre", "places", places),
            Lines("The whole report", report, open: places.Count == 0 && crash.Fatal));
    }

    private static XElement? Culprit(KernelCrashed crash) => (crash.Function, crash.Module) switch
    {
        (null, null) => null,
        (null, var module) => Tag.Of("p", "culprit", "Culprit: ", new XElement("code", module)),
        (var function, null) => Tag.Of("p", "culprit", "In ", new XElement("code", function), ", a function of the kernel's own."),
        var (function, module) => Tag.Of("p", "culprit", "Culprit: ", new XElement("code", function), " of ", new XElement("code", module)),
    };

    private XElement Try(Passage one, int index) => Tag.Of("div", "try",
        Tag.Heading("h4", new object[] { $"Try {index + 1} ", one.Result is { } result ? VerdictMark.Of(result.Verdict).Show() : VerdictMark.Unfinished.Show() }, one.Result is { } ended ? Wording.Of(ended.Duration) : ""),
        one.Result is null or { Verdict: Verdict.Passed } ? null : Explain(one.Result, one));

    private IEnumerable<XElement?> Explain(TestResult result, Passage passage) =>
    [
        passage.Crashes.Any(crash => crash.Title == result.Failure) ? null : Message(result.Failure),
        FailedCases(result),
        .. Evidence(passage),
        Lines("What it printed last", result.LastOutput, open: true),

        // Of a kernel that died that is its report, which stands above.
        passage.Crashes.Any(crash => crash.Fatal) ? null : Lines("The kernel's log of that time, and the extension's", result.KernelLog, open: result.KernelLog.Count <= Few),
        Console(passage),
    ];

    private static XElement? FailedCases(TestResult result)
    {
        var failed = result.Cases.Where(one => one is { Passed: false, Skipped: false }).ToList();
        return failed.Count == 0
            ? null
            : Tag.Of("ul", "cases", failed.Take(Few).Select(one => new XElement("li", "not ok ", new XElement("b", one.Name), one.Reason is { } reason ? $": {reason}" : null)),
                failed.Count > Few ? new XElement("li", $"and {failed.Count - Few} more") : null);
    }

    private IEnumerable<XElement?> Evidence(Passage passage) =>
    [
        .. passage.Crashes.Select(Crash),
        .. passage.Notes.Select(files.ShowNamedIn),
        Lines(
            passage.MessageCount > passage.Messages.Count ? $"The last warnings and errors of {passage.MessageCount:#,0} that the extension logged" : "Warnings and errors that the extension logged",
            [.. passage.Messages.Select(message => $"{message.Level.ToString().ToLowerInvariant()}: {message.Text}")],
            open: passage.Messages.Count <= Few),
        Notes([.. passage.Notes.Where(note => files.ShowNamedIn(note) is null)]),
    ];

    private static XElement? Console(Passage passage) => Lines(
        "The kernel's console meanwhile", passage.Console, open: false, passage.EarlierConsoleLines > 0 ? $"... {Count(passage.EarlierConsoleLines, "line")} before these ...\n" : "");

    // A function with its file and line is what one looks for in a backtrace; a warning or an error, in a log.
    private static object Line(string line)
    {
        var classes = IsPlace(line) ? "place" : Complaint().IsMatch(Start(line)) ? "complaint" : null;
        return classes is null ? $"{line}\n" : Tag.Of("span", classes, $"{line}\n");
    }

    private static bool IsPlace(string line) => Place().IsMatch(Start(line));

    // No line of ours is as long.
    private static string Start(string line) => line[..Math.Min(line.Length, 1000)];

    private static string Count(long count, string what) => $"{count:#,0} {what}{(count == 1 ? "" : "s")}";

    // "      at ring_write (/src/ring.c:15), ring.ko"
    [GeneratedRegex(@"\A\s+at \S+ \(.+:[0-9]+\)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Place();

    // "error: text" of a message that was shown, "error 12/13 #7: text" of one that was kept, "not ok 3 name" of a test.
    [GeneratedRegex(@"\A\s*(not ok |error(: | [0-9]+/[0-9]+ #))", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Complaint();
}
