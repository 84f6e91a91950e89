using KextDev.Platforms;

namespace KextDev.Tests.Platforms;

public sealed class BootArgumentsTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("  -v\tdebug=0x144 \n", 2)]
    [InlineData("dyndbg=\"file a.c +p; file b.c +p\" quiet", 2)]
    [InlineData("broken=\"never closed -v", 1)]
    public void Words_stand_between_blanks_outside_of_quotes(string text, int count) => BootArguments.Parse(text).Words.Count.ShouldBe(count);

    [Theory]
    [InlineData("debug=0x1 debug=0x2", "debug", "0x1")]
    [InlineData("-v", "-v", "")]
    [InlineData("empty=", "empty", "")]
    [InlineData("name=\"a b\"", "name", "a b")]
    [InlineData("a=b=c", "a", "b=c")]
    [InlineData("debugger=1", "debug", null)]
    public void The_first_of_a_name_is_the_one_that_counts(string text, string name, string? value) => BootArguments.Parse(text).Get(name).ShouldBe(value);

    [Theory]
    [InlineData("keepsyms=1 debug=0x1 -x debug=0x2 serial=3", "debug", "0x3", "keepsyms=1 debug=0x3 -x serial=3")]
    [InlineData("dart=0 note=\"a  b\"", "-v", null, "dart=0 note=\"a  b\" -v")]
    [InlineData("-v dart=0", "-v", null, "-v dart=0")]
    [InlineData("", "name", "a b", "name=\"a b\"")]
    public void Setting_one_leaves_all_others_as_they_are(string text, string name, string? value, string expected) =>
        BootArguments.Parse(text).With(name, value).ToString().ShouldBe(expected);

    [Fact]
    public void Those_with_the_same_words_are_equal()
    {
        BootArguments.Parse("-v  a=1").ShouldBe(BootArguments.Parse("-v a=1\n"));
        BootArguments.Parse("-v a=1").ShouldNotBe(BootArguments.Parse("a=1 -v"));
    }
}
