using KextDev.Processes;

namespace KextDev.Tests.Processes;

public sealed class ShellWordTests
{
    [Theory]
    [InlineData("plain-word_1.0:/a@b%c+d=e,f")]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("it's")]
    [InlineData("'")]
    [InlineData("\"$HOME\" `id` \\ * ? ~ ! # & | ; < > ( )")]
    [InlineData("a\nb\n")]
    [InlineData("plain\n")]
    [InlineData("größe")]
    public async Task A_real_shell_reads_the_same_text(string text)
    {
        var result = await new HostCommand("sh", "-c", $"printf %s {ShellWord.Quote(text)}").RunAsync(CancellationToken.None);

        result.Output.ShouldBe(text);
    }
}
