using KextDev.Guests;
using KextDev.Guests.Images;
using KextDev.Guests.Qemu;

namespace KextDev.Tests.Guests.Qemu;

public sealed class SnapshotKeyTests
{
    private static readonly QemuCommandLine Sample = new(
        new BootImage("/k/vmlinuz", "/k/initrd", "6.1", "image"), Accelerator.Tcg, 256, 2, 0, new QemuFolder("/s/guests/box"), "/runs/console.log", "/s/qmp")
    {
        InitArguments = ["release=11"],
    };

    public static TheoryData<string, QemuCommandLine> Others => new()
    {
        { "image", Sample with { Image = Sample.Image with { Key = "other" } } },
        { "kernel", Sample with { Image = Sample.Image with { KernelRelease = "6.2" } } },
        { "memory", Sample with { Memory = 257 } },
        { "processors", Sample with { Cpus = 3 } },
        { "accelerator", Sample with { Accelerator = Accelerator.Kvm } },
        { "line for a debugger", Sample with { HasKdpPort = true } },
        { "arguments", Sample with { InitArguments = ["release=10.15"] } },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Is_another_for_another(string what, QemuCommandLine line) => SnapshotKey.Of(line, "qemu").ShouldNotBe(SnapshotKey.Of(Sample, "qemu"), what);

    [Fact]
    public void Is_another_for_another_hypervisor() => SnapshotKey.Of(Sample, "qemu 8").ShouldNotBe(SnapshotKey.Of(Sample, "qemu 7"));

    [Fact]
    public void Is_the_same_wherever_the_machine_lies_and_listens()
    {
        var elsewhere = Sample with
        {
            Image = Sample.Image with { Kernel = "/other/vmlinuz", Initrd = "/other/initrd" },
            Port = 2222,
            Folder = new QemuFolder("/s/guests/box.2"),
            ConsoleFile = "/other/console.log",
            QmpSocket = "/other/qmp",
            MemoryFile = new MemoryFile("/other/memory", Saves: true),
        };

        SnapshotKey.Of(elsewhere, "qemu").ShouldBe(SnapshotKey.Of(Sample, "qemu"));
    }
}
