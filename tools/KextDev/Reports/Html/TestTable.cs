using System.Globalization;
using System.Xml.Linq;
using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>A row for each test of a guest: verdict, name, time, figures, and what is remarkable about it.</summary>
internal sealed class TestTable(GuestRecord guest, PlannedSuite planned, Func<string, string?> anchorOf)
{
    private const int MostRows = 2000;

    public IEnumerable<XElement> Show()
    {
        var results = guest.Results;
        var logged = guest.Tests.GroupBy(test => test.Name, StringComparer.Ordinal).ToDictionary(test => test.Key, test => test.Sum(one => one.MessageCount), StringComparer.Ordinal);

        // Of more tests than anybody reads, such as a soak's rounds, all that did not pass are there, and the latest of the others.
        var passed = results.Count(result => result.Verdict == Verdict.Passed);
        var leftOut = Math.Clamp(results.Count - MostRows, 0, passed);
        var seen = 0;
        var rows = results.Where(result => result.Verdict != Verdict.Passed || seen++ >= leftOut).Take(MostRows).Select(result => Row(result, logged.GetValueOrDefault(result.Name)))
            .Concat(planned.NotIn(results).Take(MostRows).Select(NotRun)).ToList();
        if (rows.Count == 0)
        {
            yield break;
        }

        if (leftOut > 0)
        {
            yield return new XElement("p", $"{leftOut:#,0} tests that passed before these are left out here: events.jsonl has them.");
        }

        yield return Tag.Of("table", "tests",
            new XElement("thead", new XElement("tr", Head("Verdict"), Head("Test"), Head("Time", "time"), Head("Figures"))),
            new XElement("tbody", rows));
    }

    private static XElement Head(string name, string? classes = null) => Tag.Of("th", classes, new XAttribute("scope", "col"), name);

    private XElement Row(TestResult result, long logged) => new("tr",
        Tag.Of("td", "mark", VerdictMark.Of(result.Verdict).Show(result.Verdict == Verdict.Flaky ? Wording.Of(result.Attempts) : "")),
        Tag.Of("td", "name", Name(result)),
        Tag.Of("td", "time", Wording.Of(result.Duration)),
        Tag.Of("td", "figures", Figures(result), Remarks(result, logged)));

    private object Name(TestResult result) =>
        anchorOf(result.Name) is { } anchor ? new XElement("a", new XAttribute("href", $"#{anchor}"), result.Name) : result.Name;

    private static IEnumerable<XElement> Figures(TestResult result) =>
        result.Figures.Select(figure => Tag.Of("span", "figure", $"{figure.Name} ", Tag.Of("b", null, Wording.Of(figure.Value))));

    private static IEnumerable<XElement> Remarks(TestResult result, long logged)
    {
        foreach (var skipped in result.Cases.Where(one => one.Skipped))
        {
            yield return Tag.Of("span", "remark", $"skipped {skipped.Name}: {skipped.Reason ?? "no reason given"}");
        }

        if (logged > 0)
        {
            yield return Tag.Of("span", "remark", string.Create(CultureInfo.InvariantCulture, $"{logged:#,0} {(logged == 1 ? "warning or error" : "warnings and errors")} logged"));
        }
    }

    private XElement NotRun(string name) => Tag.Of("tr", "left",
        Tag.Of("td", "mark", (guest.Unfinished?.Name == name ? VerdictMark.Unfinished : VerdictMark.NotRun).Show()), Tag.Of("td", "name", name), Tag.Of("td", "time"), Tag.Of("td", "figures"));
}
