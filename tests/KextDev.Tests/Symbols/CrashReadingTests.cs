using KextDev.Symbols;

namespace KextDev.Tests.Symbols;

public sealed class CrashReadingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Gives_the_bare_text_where_names_cannot_be_had()
    {
        var crash = CrashReading.Read(_folder.Write("console.log", "panic(cpu 0 caller 0x1): ring: again\n")).ShouldHaveSingleItem();
        crash.Times.ShouldBe(1);

        (await new CrashSymbols(new SymbolFolders([]), _folder.Path).TextAsync(crash.Crash, CancellationToken.None)).ShouldBe(crash.Crash.Text);
    }

    [Fact]
    public void Counts_the_same_crash_of_a_file_and_keeps_it_once()
    {
        var report = "panic(cpu 0 caller 0x1): ring: again\nloaded kexts:\n(none)\n";

        var found = CrashReading.Read(_folder.Write("console.log", report + report + report.Replace("again", "no more", StringComparison.Ordinal)));

        found.Select(crash => (crash.Crash.Title, crash.Times)).ShouldBe([("ring: again", 2), ("ring: no more", 1)]);
    }

    [Fact]
    public void Says_that_there_is_no_such_report() =>
        Should.Throw<InfrastructureException>(() => CrashReading.Read(_folder.Combine("nothing"))).Message.ShouldContain("Name a panic report, a console's log or a run's folder.");

    [Fact]
    public void Keeps_no_more_than_it_must_of_a_console_that_was_flooded()
    {
        var lines = Enumerable.Range(0, 3000).Select(number => $"panic(cpu 0 caller 0x1): ring {(char)('a' + (number % 26))}{(char)('a' + (number / 26 % 26))}{new string('x', number)}\nloaded kexts:\n(none)");
        var file = _folder.Write("console.log", string.Join('\n', lines) + "\n" + new string('y', 1 << 20));

        CrashReading.Read(file).Count.ShouldBe(200);
    }
}
