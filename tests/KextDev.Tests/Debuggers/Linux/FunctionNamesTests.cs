using KextDev.Debuggers.Linux;

namespace KextDev.Tests.Debuggers.Linux;

public sealed class FunctionNamesTests
{
    private static readonly FunctionNames s_names = new(
        [new NamedFunction(0xffffffffc0250000, "ring_write", "ring"), new NamedFunction(0xffffffff81000000, "_text", null), new NamedFunction(0xffffffff81000100, "panic", null)]);

    [Theory]
    [InlineData(0xffffffff81000000, "_text+0x0")]
    [InlineData(0xffffffff810000ff, "_text+0xff")]
    [InlineData(0xffffffff81000110, "panic+0x10")]
    [InlineData(0xffffffffc025001f, "ring_write+0x1f [ring]")]
    [InlineData(0xffffffff80000000, "0xffffffff80000000")]
    [InlineData(0xffffffffc0350000, "0xffffffffc0350000")]
    [InlineData(0x401000, "0x401000")]
    public void An_address_is_named_by_the_function_that_it_lies_in(ulong address, string name) => s_names.Describe(address).ShouldBe(name);
}
