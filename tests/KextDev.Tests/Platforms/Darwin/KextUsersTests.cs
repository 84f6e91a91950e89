using KextDev.Platforms;
using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class KextUsersTests
{
    private const string OpenFiles = "p77\ncdaemon\nfcwd\ntDIR\nn/\nf3\ntCHR\nn/dev/mykext\nf4\ntCHR\nn/dev/null\np90\ncsh\nf0\ntCHR\nn/dev/ttys000\nf1\ntREG\nn/dev/mykext.txt\n";

    [Fact]
    public void Processes_with_an_open_device_are_found_in_lsofs_fields() =>
        KextUsers.ParseOpenFiles(OpenFiles).ShouldBe([new DeviceUse(77, "daemon", "/dev/mykext")]);

    [Theory]
    [InlineData("")]
    [InlineData("1\t/bin/busybox\t/dev/console\n")]
    [InlineData("p99999999999999999999999\nf3\ntCHR\nn/dev/mykext\n")]
    public void What_is_no_list_of_fields_names_nobody(string told) => KextUsers.ParseOpenFiles(told).ShouldBeEmpty();

    [Fact]
    public void Kexts_and_processes_are_named() =>
        new KextUsers(1, ["com.example.client"], KextUsers.ParseOpenFiles(OpenFiles)).Describe("com.example.mykext").ShouldBe(
            " Kexts that are linked against it: 1: com.example.client. Open devices: process 77 (daemon) has /dev/mykext open.");
}
