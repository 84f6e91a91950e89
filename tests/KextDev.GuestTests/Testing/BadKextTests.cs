using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.Projects;
using KextDev.Reports;
using KextDev.Testing;

namespace KextDev.GuestTests.Testing;

/// <summary>The pipeline over each of the kexts in tests/bad-kexts, whose files "expected" say what becomes of them: their README has the form.</summary>
[Collection(PatientTurns.Name)]
public sealed class BadKextTests(KeptDarwinGuest kept) : IClassFixture<KeptDarwinGuest>
{
    private static readonly string s_folder = Path.Combine(GuestPlace.Root, "tests", "bad-kexts");

    // An unload that hangs is waited for so long. One that is refused is not in a hurry: five tries of it, each with its reasons, take that long on a busy host.
    private static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(s_folder, "expected", SearchOption.AllDirectories).Select(file => Path.GetFileName(Path.GetDirectoryName(file)!)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Has_its_verdict_and_says_why(string name)
    {
        var (words, pieces) = await ReadAsync(name);
        var definition = KeptDarwinGuest.Definition with { Sanitize = words.Contains("--check") };

        // Who panics, hangs or stays loaded gets a guest for itself.
        var isHarmless = words is ["load", ..] or ["unload", "4"];
        using var own = isHarmless ? null : new GuestPlace();
        var (result, report, folder) = await RunAsync(name, definition, own ?? kept.Place, words is ["hang", ..]);

        var suite = result.Suites.ShouldHaveSingleItem();
        var failure = suite.Failure ?? suite.Tests.Select(test => test.Failure).OfType<string>().FirstOrDefault() ?? "";
        switch (words)
        {
            case ["load" or "unload", ..]:
                result.Verdict.ShouldBe(Verdict.Failed, failure);
                pieces.ShouldAllBe(piece => failure.Contains(piece, StringComparison.Ordinal), failure);
                suite.Tests.Count.ShouldBe(words[0] == "load" ? 0 : 1);
                break;
            case ["panic", "at", var moment, ..]:
                result.Verdict.ShouldBe(Verdict.Panicked, failure);
                failure.ShouldEndWith($"[org.kextdev.{name}]");
                ShouldContainInOrder(report.Events.OfType<KernelCrashed>().ShouldHaveSingleItem().Text, pieces);
                var verdicts = string.Join(' ', suite.Tests.Select(test => test.Verdict));
                verdicts.ShouldBe(moment switch { "load" => "", "use" => "Panicked", _ => "Passed" });
                break;
            case ["hang", "at", "unload"]:
                result.Verdict.ShouldBe(Verdict.TimedOut, failure);
                failure.ShouldContain($"Unloading org.kextdev.{name} took longer than its limit of 20 s; the kernel still answers.");
                var console = await File.ReadAllTextAsync(Path.Combine(folder, definition.Name, "console.log"));
                pieces.ShouldAllBe(piece => console.Contains(piece, StringComparison.Ordinal), console);
                break;
            default:
                throw new FormatException($"{name}/expected has a verdict that is none: {string.Join(' ', words)}");
        }
    }

    // What the kernel itself says carries no "(kernel)".
    private static async Task<(string[] Words, IReadOnlyList<string> Pieces)> ReadAsync(string name)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(s_folder, name, "expected"));
        return (lines[0].Split(' '), [.. lines.Skip(1).Where(line => line.Length > 0).Select(line => line.Replace("(kernel) ", "", StringComparison.Ordinal))]);
    }

    private static async Task<(RunResult Result, RecordingReport Report, string Folder)> RunAsync(string name, GuestDefinition definition, GuestPlace place, bool hangs)
    {
        var project = Project.Load(Path.Combine(s_folder, name));
        var options = new KernelTestOptions
        {
            Project = project,
            Plan = TestPlan.Quick,
            Suites = [new TestSuite(definition, TestPlan.Select(project, TestPlan.Quick, [], duration: null))],
            State = place.State,
            RunFolder = KextDev.Testing.RunFolder.Create(place.State, name, TimeProvider.System),
        };
        options = hangs ? options with { LoadLimit = HangLimit } : options;
        var report = new RecordingReport();
        await using var journal = new RunJournal(TimeProvider.System, [.. RunReports.Kept(options.RunFolder), report]);
        return (await new KernelTestRun(options, journal, TimeProvider.System).RunAsync(CancellationToken.None), report, options.RunFolder);
    }

    private static void ShouldContainInOrder(string text, IReadOnlyList<string> pieces)
    {
        var from = 0;
        foreach (var piece in pieces)
        {
            var at = text.IndexOf(piece, from, StringComparison.Ordinal);
            at.ShouldBeGreaterThanOrEqualTo(0, $"'{piece}' in its place in: {text}");
            from = at + piece.Length;
        }
    }
}

/// <summary>A Darwin guest that stays up for all the kexts that do it no harm: the pipeline joins it.</summary>
public sealed class KeptDarwinGuest : IAsyncLifetime
{
    public static GuestDefinition Definition => GuestDefinition.Find("embedded-darwin", Path.Combine(GuestPlace.Root, "vm"));

    public GuestPlace Place { get; } = new();

    public async Task InitializeAsync()
    {
        await using var guest = GuestFactory.Create(Definition, Place.Site);
        await guest.StartAsync(CancellationToken.None);
        ((IKeepable)guest).Keep();
    }

    public async Task DisposeAsync()
    {
        await GuestFactory.Create(Definition, Place.Site).StopAsync(CancellationToken.None);
        Place.Dispose();
    }
}
