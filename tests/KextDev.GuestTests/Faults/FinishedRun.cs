using System.Text.Json;
using System.Xml.Linq;

namespace KextDev.GuestTests.Faults;

/// <summary>What a run came to, as its folder tells it.</summary>
/// <param name="Folder">Null when it ended before it had one.</param>
internal sealed record FinishedRun(int ExitCode, string Output, string? Folder, IReadOnlyList<JsonElement> Events)
{
    /// <summary>How many bytes its folder takes.</summary>
    public long Size => new DirectoryInfo(Folder!).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>What became of a test; fails when nothing is told of it.</summary>
    public (string Verdict, string Failure) Test(string name)
    {
        var results = Of("testEnded").Select(told => told.GetProperty("result")).Where(result => result.GetProperty("name").GetString() == name).ToList();
        results.Count.ShouldBe(1, $"results of {name} in {Output}");
        return (Word(results[0], "verdict"), Word(results[0], "failure"));
    }

    /// <summary>Why the run failed, where it was no test's failure; empty otherwise.</summary>
    public string Failure => string.Join('\n', Of("suiteEnded").Select(told => Word(told.GetProperty("result"), "failure")));

    public string Verdict => Of("runEnded").ToList() is [var ended] ? Word(ended.GetProperty("result"), "verdict") : "(none)";

    /// <summary>Lines that a test printed.</summary>
    public IReadOnlyList<string> Lines(string test) => [.. Of("testPrinted").Where(told => Word(told, "test") == test).Select(told => Word(told, "line"))];

    /// <summary>What was decided and why.</summary>
    public IReadOnlyList<string> Notes => [.. Of("noteGiven").Select(told => Word(told, "sentence"))];

    public IEnumerable<JsonElement> Of(string name) => Events.Where(told => told.GetProperty("event").GetString() == name);

    /// <summary>The reports are whole and harmless.</summary>
    public void ShouldHaveReports()
    {
        Output.ShouldNotContain('\u001b');
        Verdict.ShouldNotBe("(none)", Output);
        XDocument.Load(Path.Combine(Folder!, "junit.xml")).Descendants("testsuite").ShouldNotBeEmpty();
        XDocument.Load(Path.Combine(Folder!, "results.trx")).Root.ShouldNotBeNull();
        File.ReadAllText(Path.Combine(Folder!, "report.html")).ShouldEndWith("</html>");
    }

    private static string Word(JsonElement told, string name) => told.TryGetProperty(name, out var word) ? word.GetString() ?? "" : "";
}
