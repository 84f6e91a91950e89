using KextDev.Events;
using Spectre.Console;

namespace KextDev.Reports;

/// <summary>A line for each stage and test as it ends, what failed in full, and the table of results at the end.</summary>
public sealed class ConsoleReport : IRunReport
{
    private readonly IAnsiConsole _console;
    private readonly TestMessages _messages;

    // Guests say the same of one host.
    private readonly HashSet<string> _notes = new(StringComparer.Ordinal);
    private RunStarted? _run;

    public ConsoleReport(IAnsiConsole console)
    {
        _console = console;
        _messages = new TestMessages(WriteMessage);
    }

    public void Receive(RunEvent runEvent)
    {
        if (runEvent is not TestEnded)
        {
            _messages.Receive(runEvent);
        }

        switch (runEvent)
        {
            case RunStarted run:
                _run = run;
                break;
            case SuiteStarted suite when _run is { Suites.Count: > 1 }:
                _console.MarkupLineInterpolated($"[bold]{PrintableText.Of(suite.Guest)}[/]");
                break;
            case StageEnded { Stage: not Stage.Stress } stage:
                WriteStage(stage);
                break;
            case NoteGiven note when _notes.Add(note.Sentence):
                _console.MarkupLineInterpolated($"  [grey]{PrintableText.Of(note.Sentence)}[/]");
                break;
            case CompilerPrinted line:
                WriteUnwrapped(line.Line);
                break;
            case TestEnded { Result: var test }:
                WriteTest(test);
                _messages.Receive(runEvent);
                break;
            case SuiteEnded suite when _messages.TakeSummary() is { } summary:
                _console.MarkupLineInterpolated($"  [grey]logged during tests that passed: {summary} ({PrintableText.Of(suite.Result.Guest)}/logs/)[/]");
                break;
            case KernelCrashed crash:
                WriteCrash(crash);
                break;
            case RunEnded { Result: var result } when _run is not null:
                ResultTable.Write(_console, _run, result);
                break;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void WriteStage(StageEnded stage)
    {
        var name = Wording.Of(stage.Stage);
        var duration = Wording.Of(stage.Duration);
        if (stage.Failure is null)
        {
            _console.MarkupLineInterpolated($"[green]{"ok",-10}[/] {name,-16} [grey]{duration,8}[/]");
            return;
        }

        _console.MarkupLineInterpolated($"[red]{"failed",-10}[/] {name,-16} [grey]{duration,8}[/]");
    }

    private void WriteTest(TestResult test)
    {
        var passed = test.Verdict == Verdict.Passed;
        var (colour, word) = passed ? ("green", "ok") : ("red", Wording.Of(test.Verdict));
        _console.MarkupLine(
            $"[{colour}]{word,-10}[/]   {Markup.Escape(PrintableText.Of(test.Name)),-14} [grey]{Wording.Of(test.Duration),8}  {Markup.Escape(Wording.Of(test.Figures))}[/]");
        foreach (var skipped in test.Cases.Where(one => one.Skipped))
        {
            _console.MarkupLineInterpolated($"    [yellow]skipped[/] {PrintableText.Of(skipped.Name)}: {PrintableText.Of(skipped.Reason ?? "no reason given")}");
        }

        if (passed)
        {
            return;
        }

        _console.MarkupLineInterpolated($"    {PrintableText.Of(test.Failure ?? "")}");
        WriteLines("its last output", test.LastOutput);

        // A crash was shown when it came.
        if (test.Verdict != Verdict.Panicked)
        {
            WriteLines("the kernel's log of that time", test.KernelLog);
        }
    }

    private void WriteMessage(RunEvent told)
    {
        switch (told)
        {
            case MessageLogged message:
                WriteMessage(message);
                break;
            case MessagesOmitted omitted:
                _console.MarkupLineInterpolated($"    [grey]{Before(omitted.Test)}{omitted.Count} more warnings and errors; the run folder has them all[/]");
                break;
        }
    }

    private void WriteMessage(MessageLogged message)
    {
        _console.Markup(message.Level == MessageLevel.Error ? "    [red]error[/]   " : "    [yellow]warning[/] ");
        WriteUnwrapped($"{Before(message.Test)}{PrintableText.Of(message.Text)}");
    }

    private static string Before(string? test) => test is null ? "" : $"{PrintableText.Of(test)}: ";

    private void WriteCrash(KernelCrashed crash)
    {
        _console.MarkupLineInterpolated($"[red]{(crash.Fatal ? "kernel died" : "kernel warning")}[/]  {PrintableText.Of(crash.Title)}");
        WriteLines("console", crash.Text.Split('\n'));
    }

    private void WriteLines(string title, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        _console.MarkupLineInterpolated($"    [grey]{title}:[/]");
        foreach (var line in lines)
        {
            WriteUnwrapped($"      | {PrintableText.Of(line)}");
        }
    }

    // Lines of a compiler or a kernel stay lines: editors and CI find file and line in them, and people paste them.
    private void WriteUnwrapped(string line) => _console.Profile.Out.Writer.WriteLine(line);
}
