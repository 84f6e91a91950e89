using KextDev.Guests;
using KextDev.Guests.Images;
using KextDev.Guests.Qemu;
using KextDev.Processes;

namespace KextDev.Tests.Guests.Qemu;

public sealed class QemuCommandLineTests
{
    private static readonly QemuCommandLine Sample = new(
        new BootImage("/k/vmlinuz", "/k/initrd", "6.1", "key"), Accelerator.Tcg, 256, 2, 0, new QemuFolder("/s/guests/box"), "/runs/1,2/console.log", "/s/qmp");

    [Fact]
    public void Listens_on_loopback_alone()
    {
        var arguments = (Sample with { Port = 2222 }).Arguments().ToList();

        arguments.ShouldContain("user,id=n0,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:2222-10.0.2.15:22");
        arguments.ShouldNotContain("-s");
        arguments.Count(argument => argument.Contains("hostfwd", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public void Doubles_a_comma_in_a_path() => Sample.Arguments().ShouldContain("file,id=console,path=/runs/1,,2/console.log,append=on");

    [Theory]
    [InlineData(Accelerator.Kvm, "kvm")]
    [InlineData(Accelerator.Tcg, "tcg,thread=multi")]
    public void Names_the_accelerator(Accelerator accelerator, string expected)
    {
        var arguments = (Sample with { Accelerator = accelerator }).Arguments().ToList();

        arguments[arguments.IndexOf("-accel") + 1].ShouldBe(expected);
    }

    [Fact]
    public void A_taken_port_is_told_with_the_way_out()
    {
        var failure = QemuFailure.OfStart(
            Sample with { Port = 2222 },
            new CommandResult(1, "", "qemu-system-x86_64: -netdev user: Could not set up host forwarding rule 'tcp:127.0.0.1:2222-10.0.2.15:22'\n", TimeSpan.Zero));

        failure.Message.ShouldContain("port 2222 of 127.0.0.1 is in use");
        failure.Message.ShouldContain("\"port\"");
    }

    [Fact]
    public async Task A_missing_QEMU_is_told_with_the_way_out()
    {
        // setsid's own words, from a PATH on which there is no QEMU.
        var command = Sample.ToCommand();
        var result = await new HostCommand("env", ["PATH=/nowhere", "/usr/bin/setsid", .. command.Arguments]).TryRunAsync(CancellationToken.None);

        QemuFailure.OfStart(Sample, result).Message.ShouldContain("KernelDeps");
        result.ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public void What_QEMU_says_is_passed_on() =>
        QemuFailure.OfStart(Sample, new CommandResult(1, "", "qemu: out of luck\n", TimeSpan.Zero)).Message.ShouldContain("out of luck");
}
