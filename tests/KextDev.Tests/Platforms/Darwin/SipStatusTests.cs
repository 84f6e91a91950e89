using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class SipStatusTests
{
    private const string Label = "System Integrity Protection status: ";

    [Theory]
    [InlineData("enabled.\n", true)]
    [InlineData("disabled.\r\n", false)]
    [InlineData("unknown (Custom Configuration).\n\nConfiguration:\n\tKext Signing: disabled\n\tNVRAM Protections: enabled\n", false)]
    [InlineData("enabled (Custom Configuration).\n\nConfiguration:\n    Apple Internal: disabled\n    Kext Signing: enabled\n", true)]
    [InlineData("unknown (Custom Configuration).\n", null)]
    public void Whether_kexts_need_a_signature_is_read_from_either_form(string status, bool? protects) => SipStatus.Parse(Label + status).ShouldNotBeNull().ProtectsKexts.ShouldBe(protects);

    [Fact]
    public void Each_protection_is_read_by_its_name()
    {
        var status = SipStatus.Parse(
            Label + "enabled (Custom Configuration).\n\nConfiguration:\n\tApple Internal: disabled\n\tKext Signing: disabled\n\tFilesystem Protections: enabled\n"
            + "\tNVRAM Protections: enabled\n\nThis is an unsupported configuration, likely to break in the future and leave your machine in an unknown state.\n")!;

        status.State.ShouldBe("enabled (Custom Configuration)");
        status.Protections.Count.ShouldBe(4);
        status.ProtectsNvram.ShouldBe(true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sh: csrutil: command not found\n")]
    public void What_tells_nothing_of_SIP_is_no_status(string output) => SipStatus.Parse(output).ShouldBeNull();
}
