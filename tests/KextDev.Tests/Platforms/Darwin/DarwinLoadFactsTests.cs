using KextDev.Platforms;
using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class DarwinLoadFactsTests
{
    private static readonly SipStatus Off = SipStatus.Parse("System Integrity Protection status: disabled.")!;
    private static readonly SipStatus On = SipStatus.Parse("System Integrity Protection status: enabled.")!;
    private static readonly SipStatus Unclear = SipStatus.Parse("System Integrity Protection status: unknown (Custom Configuration).")!;

    [Theory]
    [InlineData("10.9.5")]
    [InlineData("10.12.6")]
    [InlineData("10.15.7")]
    public void A_Mac_for_tests_is_as_it_should_be(string version) => Facts(version).Judge().ShouldAllBe(condition => condition.Effect == LoadEffect.None && condition.WayOut.Length == 0);

    [Theory]
    [InlineData("", "not set")]
    [InlineData("-v kext-dev-mode=0", "0")]
    public void Release_10_10_wants_a_boot_argument(string arguments, string found)
    {
        var bad = Bad(Facts("10.10.5") with { BootArguments = BootArguments.Parse(arguments), Sip = null }).ShouldHaveSingleItem();

        (bad.Subject, bad.Found, bad.Effect).ShouldBe(("kext-dev-mode", found, LoadEffect.PreventsLoading));
        bad.WayOut.ShouldContain("KernelConfigureTarget");
        Bad(Facts("10.10.5") with { BootArguments = BootArguments.Parse("kext-dev-mode=1"), Sip = null }).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("10.11.6")]
    [InlineData("10.15.7")]
    [InlineData("11.7.10")]
    public void SIP_is_changed_in_Recovery(string version)
    {
        var bad = Bad(Facts(version) with { Sip = On }).First(condition => condition.Subject.StartsWith("SIP", StringComparison.Ordinal));

        bad.Effect.ShouldBe(LoadEffect.PreventsLoading);
        bad.WayOut.ShouldContain("Recovery");
        bad.WayOut.ShouldContain("csrutil enable --without kext");
        bad.WayOut.ShouldContain("machine for tests");
    }

    [Fact]
    public void What_is_not_told_is_not_taken_for_a_no()
    {
        Bad(Facts("10.12.6") with { Sip = Unclear }).ShouldHaveSingleItem().Effect.ShouldBe(LoadEffect.Unknown);
        Bad(Facts("10.12.6") with { Sip = null }).ShouldHaveSingleItem().Effect.ShouldBe(LoadEffect.Unknown);
        Bad(Facts("10.14.6") with { AsksConsent = null }).ShouldHaveSingleItem().Effect.ShouldBe(LoadEffect.Unknown);
    }

    [Fact]
    public void Nobody_is_asked_for_approval_while_kext_signing_is_off_but_perhaps_in_11()
    {
        Bad(Facts("10.13.6") with { AsksConsent = true }).ShouldBeEmpty();
        Bad(Facts("10.13.6") with { AsksConsent = true, Sip = On }).Count().ShouldBe(2);
        Bad(Facts("11.7.10") with { AsksConsent = true }).ShouldHaveSingleItem().WayOut.ShouldContain("spctl kext-consent disable");
        Bad(Facts("11.7.10") with { AsksConsent = false }).ShouldBeEmpty();
    }

    [Fact]
    public void A_seal_and_secure_boot_keep_out_debug_kernels_alone()
    {
        Bad(Facts("11.7.10") with { SealsSystem = true }).ShouldHaveSingleItem().Effect.ShouldBe(LoadEffect.HindersDebugging);
        Bad(Facts("10.15.7") with { SecureBoot = SecureBootPolicy.Full }).ShouldHaveSingleItem().Effect.ShouldBe(LoadEffect.HindersDebugging);
        Bad(Facts("10.15.7") with { SecureBoot = SecureBootPolicy.None }).ShouldBeEmpty();
    }

    [Fact]
    public void Another_processor_and_another_user_are_told() =>
        Bad(Facts("11.7.10") with { Machine = "arm64", IsRoot = false }).Select(condition => condition.Subject).ShouldBe(["processor", "user"]);

    [Theory]
    [InlineData("94b73556-2197-4702-82a8-3e1337dafbfb:AppleSecureBootPolicy\t%02\n", SecureBootPolicy.Full)]
    [InlineData("94b73556-2197-4702-82a8-3e1337dafbfb:AppleSecureBootPolicy\t%01\n", SecureBootPolicy.Medium)]
    [InlineData("94b73556-2197-4702-82a8-3e1337dafbfb:AppleSecureBootPolicy\t%00\n", SecureBootPolicy.None)]
    [InlineData("94b73556-2197-4702-82a8-3e1337dafbfb:AppleSecureBootPolicy\t%07\n", null)]
    [InlineData("", null)]
    public void The_level_of_secure_boot_is_a_byte_of_nvram(string output, SecureBootPolicy? policy) => DarwinLoadFacts.ReadSecureBoot(output).ShouldBe(policy);

    [Theory]
    [InlineData("Kernel Extension User Consent: ENABLED\n", true)]
    [InlineData("Kernel Extension User Consent: DISABLED\n", false)]
    [InlineData("sh: spctl: command not found\n", null)]
    public void The_consent_is_read_in_either_case(string output, bool? asks) => DarwinLoadFacts.ReadConsent(output).ShouldBe(asks);

    [Theory]
    [InlineData("Authenticated Root status: enabled\n", true)]
    [InlineData("Authenticated Root status: disabled\n", false)]
    [InlineData("usage: csrutil <command>\n", null)]
    public void The_seal_is_read(string output, bool? seals) => DarwinLoadFacts.ReadSeal(output).ShouldBe(seals);

    private static DarwinLoadFacts Facts(string version) => new(
        new SwVers("macOS", Version.Parse(version), "0"), "x86_64", IsRoot: true, BootArguments.Parse("kext-dev-mode=1"), Off, AsksConsent: false, SealsSystem: false, SecureBoot: null);

    private static IEnumerable<LoadCondition> Bad(DarwinLoadFacts facts) => facts.Judge().Where(condition => condition.Effect != LoadEffect.None);
}
