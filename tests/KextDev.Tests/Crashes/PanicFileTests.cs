using KextDev.Crashes;

namespace KextDev.Tests.Crashes;

/// <summary>What is wrong with files that are almost reports. The corpus has sound ones.</summary>
public sealed class PanicFileTests
{
    [Theory]
    [InlineData("{\"bug_type\":\"210\"}\n{\"date\":1 \"panicString\":\"x\"}", "line 2, column 11 is no JSON: '\"' is invalid after a value")]
    [InlineData("{\"bug_type\":\"210\"}\n{\n\"panicString\":\"panic(cpu 0", "line 3, column 27 is no JSON")]
    [InlineData("{\"bug_type\":\"210\"}\n{\"panicString\":\"\\ud800\"}", "a string in its JSON is no text")]
    [InlineData("{\"bug_type\":\"210\"}\n{\"panicString\":\"\\q\"}", "line 2, column 18 is no JSON")]
    [InlineData("{\"bug_type\":\"210\"}\nEOF", "line 2, column 1 is no JSON")]
    [InlineData("{\"bug_type\":\"210\"}", "its JSON has neither macOSPanicString nor panicString, as a panic report has")]
    [InlineData("{\"bug_type\":\"210\"}\n{\"panicString\":[\"panic\"],\"inner\":{\"panicString\":\"panic\"}}", "its JSON has neither macOSPanicString nor panicString")]
    [InlineData("{\"bug_type\":\"288\",\"os_version\":\"macOS 11.7\"}\n{\"stackshot\":1}", "it is a stackshot that somebody asked for (bug_type 288): nothing crashed")]
    public void Says_where_and_why(string text, string message) =>
        Should.Throw<FormatException>(() => PanicFile.Read(text)).Message.ShouldStartWith(message);

    [Fact]
    public void Refuses_nesting_without_end() =>
        Should.Throw<FormatException>(() => PanicFile.Read(new string('[', 1_000_000))).Message.ShouldContain("is no JSON");

    [Theory]
    [InlineData("{\"bug_type\":\"210\"}", true)]
    [InlineData("\uFEFF {", true)]
    [InlineData("panic(cpu 0 caller 0x1): x", false)]
    [InlineData("", false)]
    public void Is_known_by_its_beginning(string line, bool matches) => PanicFile.Matches(line).ShouldBe(matches);
}
