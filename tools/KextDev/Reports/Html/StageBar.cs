using System.Globalization;
using System.Xml.Linq;
using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>How long each stage took: a bar with a part for each, in their order, and their names and times below it.</summary>
internal static class StageBar
{
    // The bar's own units.
    private const double Width = 1000;
    private const int Height = 10;

    public static IEnumerable<XElement> Show(IReadOnlyList<Passage> stages)
    {
        var ended = stages.Where(stage => stage.Stage is not null).ToList();
        if (ended.Count == 0)
        {
            return [];
        }

        // As few as there are, each is wide enough to be seen.
        var whole = Math.Max(ended.Sum(stage => stage.Stage!.Duration.TotalSeconds), 0.001);
        var bar = new XElement("svg",
            new XAttribute("class", "stages"),
            new XAttribute("viewBox", $"0 0 {Width} {Height}"),
            new XAttribute("preserveAspectRatio", "none"),
            new XAttribute("aria-hidden", "true"));
        var x = 0.0;
        foreach (var stage in ended)
        {
            var width = Width * stage.Stage!.Duration.TotalSeconds / whole;
            bar.Add(new XElement("rect",
                new XAttribute("class", Colour(stage.Stage)),
                new XAttribute("x", Number(x)),
                new XAttribute("width", Number(width)),
                new XAttribute("height", Height),
                new XElement("title", $"{stage.Name}: {Wording.Of(stage.Stage.Duration)}")));
            x += width;
        }

        return [bar, Tag.Of("ul", "stages", stages.GroupBy(stage => stage.Name, StringComparer.Ordinal).Select(Entry))];
    }

    // A guest that died is started again, and its stages come again.
    private static XElement Entry(IGrouping<string, Passage> stages)
    {
        var ended = stages.Select(stage => stage.Stage).OfType<StageEnded>().ToList();
        if (ended.Count == 0)
        {
            return new XElement("li", stages.Key, " ", VerdictMark.Unfinished.Show());
        }

        var failed = ended.Find(stage => stage.Failure is not null);
        var times = ended.Count == 1 ? "" : $" \u00D7{ended.Count}";
        return Tag.Of("li", Colour(failed ?? ended[0]),
            stages.Key, " ", Tag.Of("b", null, Wording.Of(ended.Aggregate(TimeSpan.Zero, (all, stage) => all + stage.Duration))), times,
            failed is null ? null : (failed.Failure == StageEnded.Cancelled ? VerdictMark.Cancelled : VerdictMark.Of(Verdict.Failed)).Show());
    }

    private static string Colour(StageEnded stage) => stage switch
    {
        { Failure: StageEnded.Cancelled } => "stage-cancelled",
        { Failure: not null } => "stage-failed",
        { Stage: Stage.Build } => "stage-build",
        { Stage: Stage.AcquireGuest or Stage.Connect or Stage.Restart or Stage.Configure } => "stage-guest",
        { Stage: Stage.Stress } => "stage-stress",
        { Stage: Stage.Leaks } => "stage-leaks",
        { Stage: Stage.Collect or Stage.Report } => "stage-collect",
        _ => "stage-load",
    };

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
