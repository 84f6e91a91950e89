using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Ktap;

/// <summary>
/// Reads KTAP version 1 (https://docs.kernel.org/dev-tools/ktap.html) line by line, with two comments of this project's own: figures and progress.
/// The output is a guest's: nothing in it is believed, and what is kept of it is bounded. Lines that are no KTAP are passed over.
/// </summary>
public sealed partial class KtapReader
{
    private const int MostCases = 100_000;
    private const int MostCharacters = 2000;

    private int? _planned;
    private int _seen;
    private int _ok;
    private int _failed;
    private int _skipped;
    private string? _lastName;
    private string? _firstFailure;
    private string? _bailOut;
    private string? _firstProblem;

    /// <summary>Takes the next line.</summary>
    /// <returns>What it reports: mostly one event or none.</returns>
    public IReadOnlyList<KtapEvent> Feed(string line)
    {
        line = line[..Math.Min(line.Length, MostCharacters)].TrimEnd();
        var text = line.TrimStart(' ');
        if (text.StartsWith('#'))
        {
            return [ReadComment(line, text[1..].Trim())];
        }

        // Indented lines are subtests: the case that closes them counts.
        return line.Length > text.Length ? []
            : text.StartsWith("1..", StringComparison.Ordinal) ? ReadPlan(text)
            : CaseStart().IsMatch(text) ? ReadCase(text)
            : text.StartsWith("Bail out!", StringComparison.OrdinalIgnoreCase) ? [BailOut(text["Bail out!".Length..].Trim())]
            : [];
    }

    /// <summary>The verdict on the whole output, at its end.</summary>
    public KtapResult Complete()
    {
        var failure = _bailOut is not null ? $"The program gave up: {_bailOut}"
            : _failed > 0 ? _firstFailure + (_failed > 1 ? $" ({_failed - 1} more failed.)" : "")
            : _firstProblem ?? WhyPlanWasNotKept();
        return new KtapResult(failure is null, failure, _ok, _failed, _skipped);
    }

    private string? WhyPlanWasNotKept()
    {
        var last = _lastName is null ? "none was reported" : $"the last one reported was {_seen} '{_lastName}'";
        return (_planned, _seen) switch
        {
            (null, 0) => "The program reported nothing: neither a plan nor a case.",
            (null, _) => $"The program printed no plan (\"1..N\"), so nobody knows whether it finished: {last}.",
            ({ } planned, var seen) when seen < planned => $"{planned - seen} of {planned} planned cases are missing: {last}.",
            ({ } planned, var seen) when seen > planned => $"The plan was {planned} cases, and {seen} were reported: {last}.",
            _ => null,
        };
    }

    private IReadOnlyList<KtapEvent> ReadPlan(string line)
    {
        var match = Plan().Match(line);
        if (!match.Success || !int.TryParse(match.Groups["count"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > MostCases)
        {
            return [Problem(line, $"The plan '{line}' is malformed: \"1..N\" with N up to {MostCases} is expected.")];
        }

        if (_planned is not null)
        {
            return [Problem(line, $"The program printed a second plan, '{line}', after 1..{_planned}.")];
        }

        if (count == 0 && !match.Groups["skip"].Success)
        {
            return [Problem(line, "The program planned no case and gave no reason (\"1..0 # SKIP reason\").")];
        }

        _planned = count;
        return [new KtapPlan(count)];
    }

    private IReadOnlyList<KtapEvent> ReadCase(string line)
    {
        var match = Case().Match(line);
        if (!match.Success || !int.TryParse(match.Groups["number"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return [Problem(line, $"The result '{line}' is malformed: \"ok NUMBER name\" or \"not ok NUMBER name\" is expected.")];
        }

        if (_seen >= MostCases)
        {
            return [Problem(line, $"The program reported more than {MostCases} cases.")];
        }

        _seen++;
        var ok = !match.Groups["not"].Success;
        var name = match.Groups["name"].Value;
        var reason = match.Groups["reason"] is { Success: true, Value: { Length: > 0 } text } ? text : null;
        var skipped = ok && reason is not null && reason.StartsWith("SKIP", StringComparison.OrdinalIgnoreCase);
        reason = skipped && reason!["SKIP".Length..].Trim() is { Length: > 0 } why ? why : skipped ? null : reason;
        Count(ok, skipped, name, reason);

        var result = new KtapCase(number, name, ok, skipped, reason);
        return number == _seen ? [result] : [result, Problem(line, $"Case {number} '{name}' was reported where case {_seen} was due.")];
    }

    private void Count(bool ok, bool skipped, string name, string? reason)
    {
        _lastName = name;
        _ok += ok && !skipped ? 1 : 0;
        _skipped += skipped ? 1 : 0;
        _failed += ok ? 0 : 1;
        _firstFailure ??= ok ? null : reason is null ? $"The case '{name}' failed." : $"The case '{name}' failed: {reason}";
    }

    private static KtapEvent ReadComment(string line, string text)
    {
        if (text.StartsWith("figure ", StringComparison.Ordinal))
        {
            return Figure().Match(text) is { Success: true } figure
                && double.TryParse(figure.Groups["value"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                && double.IsFinite(value)
                ? new KtapFigure(figure.Groups["name"].Value, value)
                : new KtapMalformed(line, "\"# figure NAME NUMBER\" is expected.");
        }

        if (text.StartsWith("progress ", StringComparison.Ordinal))
        {
            return Progress().Match(text) is { Success: true } progress
                && long.TryParse(progress.Groups["done"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var done)
                && long.TryParse(progress.Groups["total"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var total)
                && done <= total
                ? new KtapProgress(done, total)
                : new KtapMalformed(line, "\"# progress DONE/TOTAL\" is expected.");
        }

        return new KtapDiagnostic(text);
    }

    private KtapBailOut BailOut(string reason)
    {
        _bailOut ??= reason.Length > 0 ? reason : "it said no reason.";
        return new KtapBailOut(reason);
    }

    // A wrong figure costs a number in a table; a wrong plan or result makes the verdict worthless.
    private KtapMalformed Problem(string line, string problem)
    {
        _firstProblem ??= problem;
        return new KtapMalformed(line, problem);
    }

    [GeneratedRegex(@"^1\.\.(?<count>\d{1,10})( +# *(?<skip>SKIP\b.*))?$", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plan();

    [GeneratedRegex(@"^(not )?ok( +#? ?\d|$)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CaseStart();

    [GeneratedRegex(
        @"^(?<not>not )?ok +(?<number>\d{1,10})( +(- +)?(?<name>[^#\s].*?))?( +# *(?<reason>.*))?$",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Case();

    [GeneratedRegex(@"^figure +(?<name>\S{1,64}) +(?<value>\S{1,64})$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Figure();

    [GeneratedRegex(@"^progress +(?<done>\d{1,20})/(?<total>\d{1,20})$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Progress();
}
