using KextDev.Debuggers.Linux;

namespace KextDev.Tests.Debuggers.Linux;

public sealed class KernelSymbolTableTests
{
    [Fact]
    public void Functions_of_the_kernel_are_taken_and_nothing_else()
    {
        var table = KernelSymbolTable.Parse(
            "ffffffff81000000 T _text\nffffffff81000100 t do_one\nffffffff81000200 W weak_one.part.0\nffffffff82000000 D a_variable\nffffffffc0000000 t sample_read\t[sample]\n");

        table.ShouldNotBeNull();
        table.Text.ShouldBe(0xffffffff81000000);
        table.Functions.Select(function => function.Name).ShouldBe(["_text", "do_one", "weak_one.part.0"]);
        table.Functions[1].Address.ShouldBe(0xffffffff81000100);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cat: can't open '/proc/kallsyms': No such file or directory")]
    [InlineData("0000000000000000 T _text\n0000000000000000 T panic\n")]
    [InlineData("ffffffff81000100 T panic\n")]
    public void A_kernel_that_does_not_tell_its_addresses_has_none(string text) => KernelSymbolTable.Parse(text).ShouldBeNull();

    [Theory]
    [InlineData("evil=.text:0")]
    [InlineData("evil --output-target=x")]
    [InlineData("@evil")]
    public void Names_that_could_be_options_are_not_taken(string name) =>
        KernelSymbolTable.Parse($"ffffffff81000000 T _text\nffffffff81000100 T {name}\n").ShouldNotBeNull().Functions.ShouldHaveSingleItem();
}
