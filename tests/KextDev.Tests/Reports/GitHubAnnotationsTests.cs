using KextDev.Events;
using KextDev.Reports;

namespace KextDev.Tests.Reports;

public sealed class GitHubAnnotationsTests
{
    [Theory]
    [InlineData("/ws/kext/darwin/main.c:12:5: error: use of undeclared identifier 'x'", "::error file=kext/darwin/main.c,line=12,col=5::use of undeclared identifier 'x'")]
    [InlineData("/ws/kext/linux/main.c:12:5: warning: 100% unused [-Wunused]", "::warning file=kext/linux/main.c,line=12,col=5::100%25 unused [-Wunused]")]
    [InlineData("/ws/kext/linux/main.c:3: fatal error: no.h: No such file", "::error file=kext/linux/main.c,line=3::no.h: No such file")]
    [InlineData("/ws/kext/darwin/a,b.c: error: undefined symbol _x: no source defines it", "::error file=kext/darwin/a%2Cb.c::undefined symbol _x: no source defines it")]
    [InlineData("/usr/include/a.h:1:2: error: x", "::error file=/usr/include/a.h,line=1,col=2::x")]
    public void An_error_or_a_warning_becomes_an_annotation_where_it_is(string line, string annotation) => Annotate(line).ShouldBe(annotation + Environment.NewLine);

    [Theory]
    [InlineData("1 error generated.")]
    [InlineData("    int x = y;  // error: not one")]
    [InlineData("/ws/main.c:12:5: note: declared here")]
    [InlineData("In file included from /ws/main.c:1:")]
    [InlineData("::error::already one")]
    public void Other_lines_are_none(string line) => Annotate(line).ShouldBeEmpty();

    private static string Annotate(string line)
    {
        using var output = new StringWriter();
        new GitHubAnnotations(output, "/ws").Receive(new CompilerPrinted(line));
        return output.ToString();
    }
}
