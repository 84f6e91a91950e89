using KextDev.Guests.Vmware;

namespace KextDev.Tests.Guests.Vmware;

public sealed class VmxChangeTests
{
    private static readonly VmxFile Empty = VmxFile.Parse(Array.Empty<byte>());

    [Fact]
    public void The_serial_console_goes_to_a_file()
    {
        var file = Empty.With(VmxChange.SerialConsole("serial0.log"));

        file.IsOn("serial0.present").ShouldBeTrue();
        file.Get("serial0.fileType").ShouldBe("file");
        file.GetPath("serial0.fileName", "/vm/box.vmwarevm").ShouldBe("/vm/box.vmwarevm/serial0.log");
        file.IsOn("serial0.yieldOnMsrRead").ShouldBeTrue();
    }

    [Fact]
    public void The_debug_stub_listens_on_loopback_alone_even_where_it_was_open()
    {
        var open = VmxFile.Parse("debugStub.listen.guest64.remote = \"TRUE\"\n"u8.ToArray());

        var file = open.With(VmxChange.DebugStub(12345));

        file.IsOn("debugStub.listen.guest64").ShouldBeTrue();
        file.IsOn("debugStub.listen.guest64.remote").ShouldBeFalse();
        file.Get("debugStub.port.guest64").ShouldBe("12345");
        file.With(VmxChange.NoDebugStub).IsOn("debugStub.listen.guest64").ShouldBeFalse();
    }

    [Fact]
    public void A_network_card_is_one_that_macOS_can_be_debugged_over()
    {
        var file = Empty.With(VmxChange.NetworkCard(NetworkCardModel.E1000e));

        file.Get("ethernet0.virtualDev").ShouldBe("e1000e");
        file.Get("ethernet0.connectionType").ShouldBe("nat");
    }

    [Fact]
    public void An_unattended_start_asks_nothing()
    {
        var file = Empty.With(VmxChange.UnattendedStart);

        file.IsOn("msg.autoAnswer").ShouldBeTrue();
        file.Get("uuid.action").ShouldBe("keep");
    }

    [Fact]
    public void A_shared_folder_takes_its_own_place_again_and_leaves_others_alone()
    {
        var one = Empty.With(VmxChange.SharedFolder(Empty, "source", "/home/me/source", writable: false));
        var two = one.With(VmxChange.SharedFolder(one, "runs", "/home/me/runs", writable: true));

        var again = two.With(VmxChange.SharedFolder(two, "Source", "/home/me/other", writable: true));

        again.Get("sharedFolder.maxNum").ShouldBe("2");
        again.Get("sharedFolder0.hostPath").ShouldBe("/home/me/other");
        again.IsOn("sharedFolder0.writeAccess").ShouldBeTrue();
        again.Get("sharedFolder1.hostPath").ShouldBe("/home/me/runs");
        again.IsOn("isolation.tools.hgfs.disable").ShouldBeFalse();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65536)]
    public void A_port_that_is_none_is_refused(int port) => Should.Throw<ArgumentOutOfRangeException>(() => VmxChange.DebugStub(port));
}
