using KextDev.Platforms.Darwin;
using KextDev.Shells;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class KextUnloadAnswerTests
{
    [Theory]
    [InlineData(0, "org.example.ring unloaded and personalities removed.\n", KextUnloadOutcome.Unloaded, null)]
    [InlineData(0, "", KextUnloadOutcome.Unloaded, null)]
    [InlineData(
        11,
        "(kernel) Can't unload kext org.example.ring; classes have instances:\n(kernel)     Kext org.example.ring class Ring has 1 instance.\n"
        + "Failed to unload org.example.ring - (libkern/kext) kext is in use or retained (cannot unload).\n",
        KextUnloadOutcome.InUse, 0x18)]
    [InlineData(
        11,
        "(kernel) Kext org.example.ring did not stop (return code 0x5).\n(kernel) Kext org.example.ring can't unload - module stop returned 0xdc008017.\n"
        + "Failed to unload org.example.ring - (libkern/kext) kext (kmod) start/stop routine failed.\n",
        KextUnloadOutcome.Refused, 0x17)]
    [InlineData(1, "(kernel) Kext org.example.ring not found for unload request.\nFailed to unload org.example.ring - (libkern/kext) not found.\n", KextUnloadOutcome.NotFound, 0x06)]
    [InlineData(1, "", KextUnloadOutcome.NotFound, null)]
    [InlineData(2, "", KextUnloadOutcome.NotRoot, null)]
    [InlineData(77, "You must be running as root to unload kexts, terminate services, or remove driver personalities.\n", KextUnloadOutcome.NotRoot, null)]
    [InlineData(3, "", KextUnloadOutcome.Partly, null)]
    [InlineData(11, "", KextUnloadOutcome.Refused, null)]
    [InlineData(64, "usage: kextunload\n", KextUnloadOutcome.NotUnderstood, null)]
    [InlineData(0, "Error Domain=KMErrorDomain Code=71 \"Could not find: org.example.ring\"\n", KextUnloadOutcome.Refused, null)]
    [InlineData(127, "sh: kextunload: command not found\n", KextUnloadOutcome.Unknown, null)]
    public void Reads_exit_codes_and_words(int exitCode, string error, KextUnloadOutcome outcome, int? code)
    {
        var answer = KextUnloadAnswer.Parse(new ShellResult(exitCode, "", error, TimeSpan.Zero));

        answer.Outcome.ShouldBe(outcome);
        (answer.Return?.Code).ShouldBe(code);
        answer.Words.ShouldBe(error.Length > 0 ? error.TrimEnd() : $"exit code {exitCode}");
    }
}
