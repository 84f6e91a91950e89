using KextDev.Reports;

namespace KextDev.Tests.Reports;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("plain text\twith a tab", "plain text\twith a tab")]
    [InlineData("\u001b[2Jgone", "\\x1b[2Jgone")]
    [InlineData("bell\a nul\0 c1\u009b", "bell\\x07 nul\\x00 c1\\x9b")]
    [InlineData("ümlaut 日本 😀", "ümlaut 日本 😀")]
    [InlineData("evil\u202Etxt", "evil\\x202etxt")]
    [InlineData("no\u200Bwidth \u200Fmark \u061Cletter\uFEFF", "no\\x200bwidth \\x200fmark \\x61cletter\\xfeff")]
    public void Nothing_that_a_terminal_obeys_is_left(string line, string expected) => PrintableText.Of(line).ShouldBe(expected);

    [Theory]
    [InlineData("::error file=a,line=1::not ours", "\\x3a:error file=a,line=1::not ours")]
    [InlineData("  x::ADD-MASK::y", "  x\\x3a:ADD-MASK::y")]
    [InlineData("a ##[set-output name=b]c ##vso[task.logissue]d", "a \\x23#[set-output name=b]c \\x23#vso[task.logissue]d")]
    [InlineData("OSObject::release(), a::errors, #1 ## [x]", "OSObject::release(), a::errors, #1 ## [x]")]
    public void No_build_server_takes_it_for_a_command(string line, string expected) => PrintableText.Of(line).ShouldBe(expected);

    [Fact]
    public void Lone_surrogates_are_replaced() => PrintableText.Of("a\uD800b\uDC00").ShouldBe("a\uFFFDb\uFFFD");
}
