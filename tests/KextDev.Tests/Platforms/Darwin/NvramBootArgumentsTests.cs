using KextDev.Platforms.Darwin;
using KextDev.Shells;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class NvramBootArgumentsTests
{
    [Theory]
    [InlineData("boot-args\t-v  debug=0x144\n", "-v  debug=0x144")]
    [InlineData("boot-args\t\n", "")]
    [InlineData("other\t1\n", null)]
    [InlineData("", null)]
    public void The_value_is_taken_as_it_stands(string output, string? value) => NvramBootArguments.Parse(new ShellResult(0, output, "", TimeSpan.Zero)).ShouldBe(value);

    [Theory]
    [InlineData("a=%09b", "a=%09b")]
    [InlineData("a=100%", "a=100%25")]
    [InlineData("a=%41%zz%", "a=%2541%25zz%25")]
    [InlineData("a=%ff%7f", "a=%ff%7f")]
    public void What_nvram_printed_is_written_back_byte_for_byte(string printed, string written) => NvramBootArguments.Escape(printed).ShouldBe(written);
}
