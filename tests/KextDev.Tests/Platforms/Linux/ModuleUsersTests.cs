using KextDev.Platforms.Linux;

namespace KextDev.Tests.Platforms.Linux;

public sealed class ModuleUsersTests
{
    private const string Told = """
        sample 16384 3 net_sample,other_sample, Live 0xffffffffc0250000 (OE)
        rootfs / rootfs rw 0 0
        none /mnt/data sample rw 0 0
        /proc/1/fd:
        lrwx------    1 root     root            64 Nov 21 20:00 0 -> /dev/console
        /proc/77/fd:
        lrwx------    1 root     root            64 Nov 21 20:00 3 -> /dev/sample
        lrwx------    1 root     root            64 Nov 21 20:00 4 -> /dev/null
        lr-x------    1 root     root            64 Nov 21 20:00 5 -> /dev/sample
        /proc/78/maps:7f0000000000-7f0000001000 rw-s 00000000 00:05 123                        /dev/sample-ring
        /proc/1/comm:init
        /proc/77/comm:daemon x
        """;

    [Fact]
    public void Modules_mounts_and_processes_that_keep_it_are_named() => ModuleUsers.Parse(Told, "sample").Describe("sample").ShouldBe(
        " References: 3: modules net_sample, other_sample use it; its file system is mounted at /mnt/data; "
        + "process 77 (daemon x) has /dev/sample open, process 78 (gone) has /dev/sample-ring open.");

    [Fact]
    public void A_module_without_an_end_is_told_as_such() =>
        ModuleUsers.Parse("sample 16384 1 [permanent], Live 0x0\n", "sample").Describe("sample").ShouldContain("stays until the next boot");

    [Fact]
    public void References_of_nobody_that_can_be_seen_are_the_kernels_own() =>
        ModuleUsers.Parse("sample 16384 2 - Live 0x0\n", "sample").Describe("sample").ShouldStartWith(" References: 2, by nobody whom /proc shows");

    [Theory]
    [InlineData("")]
    [InlineData("sampler 16384 2 - Live 0x0\n/proc/99999999999999999999/fd:\nlrwx------ -> /dev/x\n")]
    public void What_is_not_there_is_not_described(string told) => ModuleUsers.Parse(told, "sample").Describe("sample").ShouldBeEmpty();
}
