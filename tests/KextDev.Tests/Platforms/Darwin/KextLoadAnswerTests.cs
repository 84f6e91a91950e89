using KextDev.Platforms.Darwin;
using KextDev.Shells;

namespace KextDev.Tests.Platforms.Darwin;

/// <summary>What kextload printed on 10.9 to 10.15, and kmutil on 11.</summary>
public sealed class KextLoadAnswerTests
{
    private const string Tail = "; check the system/kernel logs for errors or try kextutil(8).\n";

    [Theory]
    [InlineData(0, "", KextLoadOutcome.Loaded, null)]
    [InlineData(0, "Executing: /usr/bin/kmutil load -p /tmp/x.kext\n", KextLoadOutcome.Loaded, null)]
    [InlineData(71, "/tmp/x.kext failed to load - (libkern/kext) link error" + Tail, KextLoadOutcome.Refused, 0x16)]
    [InlineData(71, "/tmp/x.kext failed to load - (libkern/kext) dependency resolution failure" + Tail, KextLoadOutcome.Refused, 0x0e)]
    [InlineData(71, "/tmp/x.kext failed to load - (libkern/kext) not loadable (reason unspecified)" + Tail, KextLoadOutcome.Refused, 0x13)]
    [InlineData(71, "/tmp/x.kext failed to load - (libkern/kext) not found" + Tail, KextLoadOutcome.Refused, 0x06)]
    [InlineData(
        71,
        "Kext rejected due to improper filesystem permissions: <OSKext 0x7ff5744c56c0 [0x7fff859b48f0]> { URL = \"file:///tmp/x.kext/\", ID = \"org.example.ring\" }\n"
        + "/tmp/x.kext failed to load - (libkern/kext) authentication failure (file ownership/permissions)" + Tail,
        KextLoadOutcome.Refused, 0x0d)]
    [InlineData(27, "/tmp/x.kext failed to load - (libkern/kext) system policy prevents loading" + Tail, KextLoadOutcome.NotApproved, 0x1b)]
    [InlineData(77, "org.example.ring failed to load - (libkern/kext) not privileged" + Tail, KextLoadOutcome.NotRoot, 0x04)]
    [InlineData(64, "usage: kextload [options] [--] [kext] ...\n", KextLoadOutcome.NotUnderstood, null)]
    [InlineData(71, "Error Domain=KMErrorDomain Code=71 \"Could not find: No bundle was found at /tmp/x.kext\"\n", KextLoadOutcome.Refused, null)]
    [InlineData(1, "Error Domain=KMErrorDomain Code=29 \"Authenticating extension failed: Bad code signature\"\n", KextLoadOutcome.Refused, null)]
    [InlineData(0, "Error Domain=KMErrorDomain Code=31 \"Error occurred while building a collection\"\n", KextLoadOutcome.Refused, null)]
    [InlineData(27, "Extension with identifiers org.example.ring not approved to load. Please approve using System Preferences.\n", KextLoadOutcome.NotApproved, null)]
    [InlineData(1, "Extension with identifiers org.example.ring not approved to load. Please approve using System Preferences.\n", KextLoadOutcome.NotApproved, null)]
    [InlineData(1, "Kernel request failed: (libkern/kext) not loadable (reason unspecified) (-603946989)\n", KextLoadOutcome.Refused, 0x13)]
    [InlineData(1, "Kext org.example.ring failed to load (0xdc008017).\n", KextLoadOutcome.Refused, 0x17)]
    [InlineData(127, "sh: kextload: command not found\n", KextLoadOutcome.Unknown, null)]
    public void Reads_exit_codes_and_words(int exitCode, string error, KextLoadOutcome outcome, int? code)
    {
        var answer = KextLoadAnswer.Parse(new ShellResult(exitCode, "", error, TimeSpan.Zero));

        answer.Outcome.ShouldBe(outcome);
        (answer.Return?.Code).ShouldBe(code);
        answer.Words.ShouldNotContain("Executing:");
    }

    [Fact]
    public void Keeps_the_words_as_they_are_and_the_exit_code_where_there_are_none()
    {
        KextLoadAnswer.Parse(new ShellResult(3, "out\n", "err\n", TimeSpan.Zero)).Words.ShouldBe("err\nout");
        KextLoadAnswer.Parse(new ShellResult(3, "", "", TimeSpan.Zero)).Words.ShouldBe("exit code 3");
    }

    [Fact]
    public void Says_a_way_out_of_what_a_person_can_mend()
    {
        KextLoadAnswer.Parse(new ShellResult(27, "", "", TimeSpan.Zero)).WayOut.ShouldContain("csrutil enable --without kext");
        KextLoadAnswer.Parse(new ShellResult(71, "", "x failed to load - (libkern/kext) dependency resolution failure" + Tail, TimeSpan.Zero))
            .WayOut.ShouldContain("OSBundleLibraries");
    }

    [Fact]
    public void Knows_every_result_of_the_kernels_kext_subsystem_once()
    {
        KextReturn.All.Select(result => result.Code).ShouldBe(Enumerable.Range(1, 0x1b));
        foreach (var result in KextReturn.All)
        {
            KextReturn.Find($"x failed to load - (libkern/kext) {result.Text}{Tail}").ShouldBe(result);
            KextReturn.Find($"Failed to load kext x (error 0xdc0080{result.Code:x2}).").ShouldBe(result);
        }
    }
}
