using System.Text.Json;
using System.Xml.Linq;
using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Testing;
using KextDev.Projects;
using KextDev.Reports;
using KextDev.Testing;

namespace KextDev.GuestTests.Logs;

/// <summary>What this repository's own extension logs in a run, by its real channel and kextlogd, on both systems.</summary>
[Collection(GuestTurns.Name)]
public sealed class KernelTestLogTests : IDisposable
{
    /// <summary>It has the kernel log messages of each level, "0 0" first.</summary>
    private const string Loud = "log_channel";

    private readonly GuestPlace _place = new();
    private readonly RecordingReport _heard = new();

    public KernelTestLogTests() => _place.ShareBuild();

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData("embedded")]
    [InlineData("embedded-darwin")]
    public async Task Messages_are_stored_with_their_tests_shown_and_counted(string guest)
    {
        var (result, folder) = await RunAsync(guest, ["bad_requests", Loud]);

        result.Verdict.ShouldBe(Verdict.Passed, string.Join(" ", result.Suites.Select(suite => suite.Failure)));
        var lines = Read(folder, guest, "kextlog.jsonl");
        var messages = lines.Where(line => line.TryGetProperty("sequence", out _)).ToList();
        messages.ShouldAllBe(line => line.GetProperty("level").GetString() != "trace" && line.GetProperty("level").GetString() != "debug");
        messages.Where(line => Text(line) == "0 0").ShouldAllBe(line => TestOf(line) == Loud);
        messages.ShouldContain(line => Text(line) == "0 0" && line.GetProperty("level").GetString() == "warning");
        EveryMessageIsThereOrCounted(lines);

        _heard.Events.OfType<MessageLogged>().ShouldContain(message => message.Test == Loud && message.Level == MessageLevel.Warning && message.Text == "0 0");
        _heard.Events.OfType<NoteGiven>().ShouldAllBe(note => !note.Sentence.Contains("read no further"));

        var counts = result.Suites[0].Log.ShouldNotBeNull();
        counts.ShouldBe(new LogCounts(
            messages.Count, lines.Sum(line => Number(line, "dropped")), lines.Sum(line => Number(line, "lost")),
            lines.Sum(line => Number(line, "unwritten")), lines.Sum(line => Number(line, "damaged")), Left: 0)
        {
            Sent = lines.Sum(line => Number(line, "sent") - Number(line, "unwanted")),
        });
        (counts.Messages + counts.Dropped + counts.Unwritten).ShouldBe(counts.Sent);
        var suite = XDocument.Load(Path.Combine(folder, "junit.xml")).Root!.Element("testsuite")!;
        suite.Element("properties")!.Elements().ShouldContain(property => property.Attribute("name")!.Value == "log.messages" && property.Attribute("value")!.Value == $"{messages.Count}");

        var merged = Read(folder, guest, "merged.jsonl");
        merged.Count(line => line.GetProperty("source").GetString() == "channel").ShouldBe(lines.Count);

        // Nobody read the channel when the extension was first loaded: it is the kernel's log that tells.
        var loaded = merged.First(line => line.TryGetProperty("sequence", out _));
        loaded.GetProperty("source").GetString().ShouldBe("kernel");
        Text(loaded).ShouldStartWith("loaded");
        TestOf(loaded).ShouldBeNull();
    }

    // What the daemon says of each connection, and what is stored of it.
    private static void EveryMessageIsThereOrCounted(IReadOnlyList<JsonElement> lines)
    {
        lines.Any(line => line.TryGetProperty("disconnected", out _)).ShouldBeTrue();
        long messages = 0;
        long dropped = 0;
        foreach (var line in lines)
        {
            messages += line.TryGetProperty("sequence", out _) ? 1 : 0;
            dropped += Number(line, "dropped");
            if (line.TryGetProperty("disconnected", out _))
            {
                (messages, dropped).ShouldBe((Number(line, "messages"), Number(line, "total")));
                (messages, dropped) = (0, 0);
            }
        }
    }

    private async Task<(RunResult Result, string Folder)> RunAsync(string guest, IReadOnlyList<string> tests)
    {
        var project = Project.Load(Path.Combine(GuestPlace.Root, "kext"));
        var folder = RunFolder.Create(_place.State, project.Name, TimeProvider.System);
        var options = new KernelTestOptions
        {
            Project = project,
            Plan = TestPlan.Quick,
            Suites = [new TestSuite(GuestDefinition.Find(guest, Path.Combine(GuestPlace.Root, "vm")), TestPlan.Select(project, TestPlan.Quick, tests, duration: null))],
            State = _place.State,
            RunFolder = folder,
        };
        await using var journal = new RunJournal(TimeProvider.System, [.. RunReports.Kept(folder), _heard]);
        return (await new KernelTestRun(options, journal, TimeProvider.System).RunAsync(CancellationToken.None), folder);
    }

    private static List<JsonElement> Read(string folder, string guest, string file) =>
        [.. File.ReadAllLines(Path.Combine(folder, guest, "logs", file)).Select(line => JsonDocument.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false }).RootElement)];

    private static string? TestOf(JsonElement line) => line.TryGetProperty("test", out var test) ? test.GetString() : null;

    private static string Text(JsonElement line) => line.TryGetProperty("text", out var text) ? text.GetString()! : "";

    private static long Number(JsonElement line, string name) => line.TryGetProperty(name, out var number) ? number.GetInt64() : 0;
}
