using System.Text.RegularExpressions;
using System.Xml.Linq;
using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>One guest: its system, its stages, what failed that is no test, its tests, and what explains those that did not pass.</summary>
internal sealed partial class GuestSection
{
    private const int MostTroubles = 60;

    private readonly PlannedSuite _planned;
    private readonly GuestRecord _guest;
    private readonly RunFiles _files;
    private readonly Trouble _trouble;
    private readonly bool _cancelled;
    private readonly bool _begun;

    // The first of a name; later ones of the same name do not exist in one run.
    private readonly Dictionary<string, string> _anchors;

    /// <param name="index">Of the guest within the run.</param>
    /// <param name="guest">Null where its turn did not come.</param>
    public GuestSection(int index, PlannedSuite planned, GuestRecord? guest, RunFiles files, bool cancelled)
    {
        (_planned, _guest, _files, _cancelled, _begun) = (planned, guest ?? new GuestRecord(planned.Guest), files, cancelled, guest is not null);
        _trouble = new Trouble(files);
        Anchor = $"guest-{index + 1}";
        _anchors = Troubles.Take(MostTroubles).Select((result, number) => (result.Name, Anchor: $"{Anchor}-{number + 1}"))
            .DistinctBy(one => one.Name).ToDictionary(one => one.Name, one => one.Anchor, StringComparer.Ordinal);
    }

    public string Anchor { get; }

    private IEnumerable<TestResult> Troubles => _guest.Results.Where(result => result.Verdict != Verdict.Passed);

    private string? Failure => _guest.Result?.Failure;

    // Most failures of a build are the compiler's own lines.
    private bool TellsCompiler => _guest.Compiler.Count > 0 && Failure?.Contains(_guest.Compiler[0].TrimEnd(), StringComparison.Ordinal) == true;

    // One that did not end, too; what ran when it was cancelled is no failure, and of the tests each tells by itself.
    private IEnumerable<Passage> FailedStages => _guest.Stages.Where(stage => stage.Stage is { Failure: not null and not StageEnded.Cancelled, Stage: not Stage.Stress } || (stage.Stage is null && _guest.Result is null));

    private VerdictMark Mark => _guest.Result switch
    {
        _ when _cancelled => VerdictMark.Cancelled,
        { Verdict: var verdict } => VerdictMark.Of(verdict),
        null => _begun ? VerdictMark.Unfinished : VerdictMark.NotRun,
    };

    /// <summary>A line for each thing that went wrong, which leads to what explains it.</summary>
    public IEnumerable<XElement> Summarize()
    {
        if (Failure is { } failure)
        {
            yield return Line(Anchor, VerdictMark.Of(_guest.Result!.Verdict), FailedStages.Any() ? $"{NamesOf(FailedStages)} on {_planned.Guest}" : _planned.Guest, failure);
        }

        foreach (var result in Troubles.Take(MostTroubles))
        {
            yield return Line(_anchors[result.Name], VerdictMark.Of(result.Verdict), $"{result.Name} on {_planned.Guest}", result.Failure ?? "");
        }
    }

    public XElement Show() => Tag.Of("section", null,
        new XAttribute("id", Anchor),
        Tag.Heading("h2", new object[] { _planned.Guest, " ", Mark.Show() }, string.Join(", ", Facts())),
        StageBar.Show(_guest.Stages),
        ShowFailure(),
        new TestTable(_guest, _planned, name => _anchors.GetValueOrDefault(name)).Show(),
        NotRun(),
        Troubles.Take(MostTroubles).Select(result => _trouble.OfTest(
            _anchors[result.Name], _planned.Guest, result, [.. _guest.Tests.Where(test => test.Name == result.Name)], CommandOf(result.Name))),
        _guest.Unfinished is { } unfinished ? _trouble.OfUnfinished(unfinished) : null,
        Rest());

    private IEnumerable<string> Facts()
    {
        if (_guest.System is { } system)
        {
            yield return system;
        }

        if (_guest.Result is { } result)
        {
            yield return Wording.Of(result.Duration);
        }
    }

    private XElement? ShowFailure()
    {
        var failed = FailedStages.ToList();
        var crashed = _guest.Between.Crashes;
        return Failure is null && failed.Count == 0 && crashed.Count == 0
            ? null
            : Tag.Of("article", Mark.Colour,
                new XElement("h3", failed.Count == 0 ? "besides the tests" : NamesOf(failed)),
                _trouble.Message(Failure),
                crashed.Select(Trouble.Crash),
                failed.Exists(stage => stage.Stage is null or { Stage: Stage.Build }) && !TellsCompiler ? Trouble.Lines("What the compiler says", _guest.Compiler, open: true) : null,
                failed.SelectMany(_trouble.OfStage));
    }

    private XElement? NotRun()
    {
        var left = _planned.NotIn(_guest.Results).Where(name => name != _guest.Unfinished?.Name).ToList();
        var why = (_cancelled, Failure) switch
        {
            (true, _) => "the run was cancelled.",
            (_, not null) => "see above.",
            _ when _guest.Result is null => "the run broke off.",
            _ => "the run ended before their turn.",
        };
        return left.Count == 0 ? null : Tag.Of("p", "left", $"{(left.Count == 1 ? "One test was" : $"{left.Count} tests were")} not run: {why}");
    }

    private IEnumerable<XElement?> Rest()
    {
        yield return _guest.Result?.Log is { } log ? Tag.Of("p", "log", Wording.Of(log), ": ", RunFiles.LinkTo($"{_planned.Guest}/logs/kextlog.jsonl")) : null;
        yield return _files.Show($"{_planned.Guest}/logs/leaks.txt", "What the kernel held in the search for leaks");
        string[] notes = [.. _guest.Stages.Where(stage => stage.Stage?.Failure is null).SelectMany(stage => stage.Notes), .. _guest.Between.Notes];
        yield return notes.Length == 0 ? null : Tag.Fold($"Notes: {notes.Length}", open: false, _trouble.Notes(notes));
        yield return Failure is null && Troubles.Any() is false && _guest.Compiler.Count > 0 ? Trouble.Lines("What the compiler says", _guest.Compiler, open: false) : null;
    }

    // Rounds are part of the name from the second on.
    private string? CommandOf(string test) => _planned.Command is { } command && TypedName().Match(test) is { Success: true } name
        ? $"{command} --tests {name.Groups["name"].Value}"
        : _planned.Command;

    private static XElement Line(string anchor, VerdictMark mark, string what, string why) => new("li",
        mark.Show(), " ", new XElement("a", new XAttribute("href", $"#{anchor}"), what), " ", Tag.Of("span", "why", FirstLine(why)));

    private static string NamesOf(IEnumerable<Passage> stages) => string.Join(", ", stages.Select(stage => stage.Name).Distinct());

    private static string FirstLine(string text) => text.Split('\n')[0];

    [GeneratedRegex(@"\A(?<name>[A-Za-z0-9_.+-]+)( \([0-9]+\))?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypedName();
}
