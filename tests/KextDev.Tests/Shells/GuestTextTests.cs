using System.Text;
using KextDev.Shells;

namespace KextDev.Tests.Shells;

public sealed class GuestTextTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one", new[] { "one" })]
    [InlineData("one\n", new[] { "one" })]
    [InlineData("one\r\n\ntwo\rhalf\nlast", new[] { "one", "", "two\rhalf", "last" })]
    [InlineData("\u001b[31mred\u0000\n", new[] { "\u001b[31mred\u0000" })]
    public async Task Splits_lines_and_keeps_their_characters(string text, string[] expected) => (await LinesAsync(text)).ShouldBe(expected);

    [Fact]
    public async Task Cuts_a_line_without_end_and_says_so()
    {
        var lines = await LinesAsync(new string('x', GuestText.MaxLineLength + 5) + "\nnext\n");

        lines.ShouldBe([new string('x', GuestText.MaxLineLength) + " [5 more characters in this line were dropped]", "next"]);
    }

    [Fact]
    public async Task Keeps_a_line_of_exactly_the_limit()
    {
        var line = new string('x', GuestText.MaxLineLength);

        (await LinesAsync(line + "\n")).ShouldBe([line]);
    }

    [Fact]
    public async Task Cuts_a_text_without_end_and_says_so()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(new string('x', GuestText.MaxTextLength + 7)));

        var text = await GuestText.ReadToEndAsync(stream);

        text.Length.ShouldBeLessThan(GuestText.MaxTextLength + 100);
        text.ShouldEndWith("x\n[7 more characters were dropped]\n");
    }

    [Fact]
    public async Task Cuts_no_character_in_two()
    {
        var lines = await LinesAsync(new string('x', GuestText.MaxLineLength - 1) + "\U0001F4A5y\n");
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(new string('x', GuestText.MaxTextLength - 1) + "\U0001F4A5y"));
        var text = await GuestText.ReadToEndAsync(stream);

        lines.ShouldBe([new string('x', GuestText.MaxLineLength - 1) + " [3 more characters in this line were dropped]"]);
        text.ShouldEndWith("x\n[3 more characters were dropped]\n");
    }

    private static async Task<List<string>> LinesAsync(string text)
    {
        var lines = new List<string>();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await GuestText.ReadLinesAsync(stream, lines.Add);
        return lines;
    }
}
