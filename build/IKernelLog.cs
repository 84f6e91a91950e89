using KextDev.Events;
using KextDev.Logs;
using KextDev.Reports;
using KextDev.Testing;
using Nuke.Common;
using Spectre.Console;

internal interface IKernelLog : IKernelBuild
{
    [Parameter("The least of the messages that KernelLog shows: trace, debug, info (the default), warning or error. With --follow the extension logs as much while it is looked at.")]
    MessageLevel? Level => TryGetValue<MessageLevel?>(() => Level);

    [Parameter("KernelLog goes on with what the extension logs from now on, until Ctrl-C.")]
    bool Follow => TryGetValue<bool?>(() => Follow) ?? false;

    Target KernelLog => _ => _
        .Description("Shows what the extension logged in a guest that is up: its messages in the guest's system log, which has those that no reader of the extension's log channel took. With --follow the last ten of them, and then each message as it comes, by the channel.")
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            var (definition, endpoint) = await FindUpAsync(FindGuests(project), token);
            await using var journal = ConsoleJournal();
            var console = RunReports.Terminal();
            try
            {
                await foreach (var message in new ReadLog(State, journal).RunAsync(project, definition, endpoint, Level ?? MessageLevel.Info, Follow, token))
                {
                    Write(console, message);
                }
            }
            catch (OperationCanceledException) when (Follow && token.IsCancellationRequested)
            {
                // Nothing else ends it: it has done what it was asked for.
            }
        }));

    // A message stays one line: people search and copy it.
    private static void Write(IAnsiConsole console, ToldMessage message)
    {
        console.Markup($"[grey]{Markup.Escape(message.Time)}[/] {Word(message.Level)}");
        console.Profile.Out.Writer.WriteLine(PrintableText.Of(message.Text));
        console.Profile.Out.Writer.Flush();
    }

    private static string Word(MessageLevel? level) => level switch
    {
        MessageLevel.Trace => "[grey]trace[/]   ",
        MessageLevel.Debug => "[grey]debug[/]   ",
        MessageLevel.Info => "[green]info[/]    ",
        MessageLevel.Warning => "[yellow]warning[/] ",
        MessageLevel.Error => "[red]error[/]   ",
        _ => "",
    };
}
