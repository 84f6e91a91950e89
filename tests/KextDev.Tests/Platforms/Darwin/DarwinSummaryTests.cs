using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class DarwinSummaryTests
{
    [Theory]
    [InlineData("System Integrity Protection status: enabled.\n", "enabled")]
    [InlineData("System Integrity Protection status: disabled.\n", "disabled")]
    [InlineData("System Integrity Protection status: enabled (Custom Configuration).\n\nConfiguration:\n\tKext Signing: disabled\n", "enabled (Custom Configuration)")]
    [InlineData("System Integrity Protection status: unknown (Custom Configuration).\n", "unknown (Custom Configuration)")]
    [InlineData("sh: csrutil: command not found\n", null)]
    [InlineData("", null)]
    public void Tells_the_state_of_system_integrity_protection_where_there_is_such_a_thing(string output, string? expected) =>
        DarwinSummary.Protection(output).ShouldBe(expected);
}
