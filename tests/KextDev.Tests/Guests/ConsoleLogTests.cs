using KextDev.Guests;

namespace KextDev.Tests.Guests;

public sealed class ConsoleLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Finds_a_line_that_comes_later()
    {
        var file = _folder.Combine("console.log");
        var waiting = new ConsoleLog(file).WaitForLineAsync("READY", CancellationToken.None);
        await File.WriteAllTextAsync(file, "not READY\r\n");
        waiting.IsCompleted.ShouldBeFalse();

        await File.AppendAllTextAsync(file, "READY 1.5\r\n");

        await waiting;
    }

    [Fact]
    public void Keeps_the_last_lines_and_nothing_that_moves_a_terminal()
    {
        var file = _folder.Write("console.log", new string('x', 100_000) + "\n\u001b[2Jone\r\n\n\atwo\r\n");

        new ConsoleLog(file).LastLines(2).ShouldBe(["[2Jone", "two"]);
    }

    [Fact]
    public void A_console_that_printed_nothing_has_no_lines() => new ConsoleLog(_folder.Combine("none")).LastLines(5).ShouldBeEmpty();
}
