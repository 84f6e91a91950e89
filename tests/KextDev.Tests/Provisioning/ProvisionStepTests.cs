using KextDev.Provisioning;

namespace KextDev.Tests.Provisioning;

public sealed class ProvisionStepTests
{
    [Fact]
    public void Reads_a_line_a_step_and_passes_over_what_else_a_guest_prints()
    {
        const string Output = "Last login: Sat Nov 21\ndone key\nchanged sshd: /etc/ssh/sshd_config; Remote Login is on\nfailed kdk: kit.dmg: no package in it\nnothing done here\ndone\n";

        ProvisionStep.ReadAll(Output).ShouldBe(
        [
            new ProvisionStep("key", ProvisionOutcome.Done, ""),
            new ProvisionStep("sshd", ProvisionOutcome.Changed, "/etc/ssh/sshd_config; Remote Login is on"),
            new ProvisionStep("kdk", ProvisionOutcome.Failed, "kit.dmg: no package in it"),
        ]);
    }

    [Fact]
    public void A_guests_words_reach_no_terminal_as_control_characters_nor_without_end()
    {
        var step = ProvisionStep.ReadAll($"failed sudo: \u001b[2Jgone\u0007 {new string('x', 100_000)}\n").ShouldHaveSingleItem();

        step.Words.ShouldStartWith("[2Jgone x");
        step.Words.Length.ShouldBeLessThan(2001);
    }
}
