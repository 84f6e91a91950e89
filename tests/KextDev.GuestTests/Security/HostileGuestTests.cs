using System.Xml.Linq;
using KextDev.Events;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Testing;
using KextDev.Reports;
using Spectre.Console;

namespace KextDev.GuestTests.Security;

/// <summary>A guest is not trusted: neither with what it prints nor with what it is told, and nobody else gets at it.</summary>
[Collection(GuestTurns.Name)]
public sealed class HostileGuestTests
{
    // What no shell may read otherwise than as it stands.
    private static readonly string[] s_arguments =
    [
        "two words", "it's", "\"quoted\"", "-x", "--", "", "$HOME `id` $(id) \\ * ? ~ ! # & | ; < > ( )", "a\nb\n", "größe", "%s", "A=b",
    ];

    private static readonly string s_program = $$"""
        #include <stdio.h>
        #include <string.h>
        static const char *const expected[] = { {{string.Join(", ", s_arguments.Select(Literal))}} };
        static int arguments(int count, char **given)
        {
        	int i, good = count == sizeof expected / sizeof *expected;
        	puts("KTAP version 1\n1..1");
        	for (i = 0; good && i < count; i++)
        		good = !strcmp(given[i], expected[i]);
        	printf("%sok 1 arguments # %d of them, the last that was looked at is %d\n", good ? "" : "not ", count, i);
        	return !good;
        }
        int main(int argc, char **argv)
        {
        	if (argc > 1 && !strcmp(argv[1], "arguments"))
        		return arguments(argc - 2, argv + 2);
        	puts("KTAP version 1\n1..1\n# figure <b>\033[31m 3\n# ]]> <script>alert(1)</script> & \033[2J\033]0;title\007 \302\233m \377\376\033c");
        	puts("::error file=a::not ours\n##[error]nor this\n  ::stop-commands::x");
        	puts("not ok 1 <b>&\"'\033[5m]]> # ::warning::\033[2J ##[add-path]/tmp");
        	return 1;
        }
        """;

    [Fact]
    public async Task What_a_guest_prints_stays_text_and_what_it_is_told_stays_words()
    {
        using var project = new SampleProject(
            $""" "name": "arguments", "timeLimit": 60, "arguments": ["arguments", {string.Join(", ", s_arguments.Select(argument => System.Text.Json.JsonSerializer.Serialize(argument)))}] """,
            """ "name": "hostile", "timeLimit": 60 """);
        project.Write("test.c", s_program);
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 60;
        ListeningSockets? listening = null;
        var report = new RecordingReport(told =>
        {
            // The guest runs, and this process has all its connections.
            if (told is TestPrinted { Test: "hostile" })
            {
                listening = ListeningSockets.Ours(project.Place.State);
            }
        });
        await using var shown = new ConsoleReport(console);

        var result = await project.RunAsync(new BothReports(report, shown));

        result.Suites.ShouldHaveSingleItem().Tests.Select(test => (test.Name, test.Verdict)).ShouldBe([("arguments", Verdict.Passed), ("hostile", Verdict.Failed)]);
        ShouldObeyNothing(text.ToString());
        foreach (var file in new[] { "junit.xml", "results.trx" })
        {
            var document = XDocument.Load(Path.Combine(project.RunFolder, file));
            document.Descendants().ShouldNotContain(element => element.Name.LocalName == "b" || element.Name.LocalName == "script");
            document.ToString().ShouldContain("&lt;script&gt;");
            ShouldObeyNothing(document.ToString());
        }

        listening!.EndPoints.ShouldNotBeEmpty();
        listening.Files.ShouldNotBeEmpty();
        listening.ShouldBeForNobodyElse();
        ShouldBeForNobodyElse(project);
    }

    private static void ShouldObeyNothing(string shown)
    {
        shown.Where(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')).ShouldBeEmpty();
        shown.Split('\n').Select(line => line.Trim()).ShouldAllBe(line => !line.StartsWith("::", StringComparison.Ordinal) && !line.Contains("##[", StringComparison.Ordinal));
    }

    private static void ShouldBeForNobodyElse(SampleProject project)
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        File.GetUnixFileMode(project.RunFolder).ShouldBe(owner);
        var keys = Path.TrimEndingDirectorySeparator(project.Place.State.Keys);
        File.GetUnixFileMode(Directory.ResolveLinkTarget(keys, returnFinalTarget: true)!.FullName).ShouldBe(owner);
        var secret = Directory.EnumerateFiles(keys).Where(file => !file.EndsWith(".pub", StringComparison.Ordinal) && Path.GetFileName(file).EndsWith("_ed25519", StringComparison.Ordinal)).ToList();
        secret.Count.ShouldBe(2);
        secret.ShouldAllBe(file => File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));

        // No name of a file is the guest's choice.
        Directory.EnumerateFileSystemEntries(project.RunFolder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
            .ShouldBe(["embedded", "events.jsonl", "junit.xml", "report.html", "results.trx"]);
        Directory.EnumerateFiles(Path.Combine(project.RunFolder, "embedded"), "*", SearchOption.AllDirectories)
            .ShouldAllBe(file => Path.GetExtension(file) == ".log");
    }

    private static string Literal(string text) =>
        $"\"{string.Concat(System.Text.Encoding.UTF8.GetBytes(text).Select(one => $"\\{Convert.ToString(one, 8).PadLeft(3, '0')}"))}\"";

    /// <summary>Journals take one report here.</summary>
    private sealed class BothReports(IRunReport first, IRunReport second) : IRunReport
    {
        public void Receive(RunEvent runEvent)
        {
            first.Receive(runEvent);
            second.Receive(runEvent);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
