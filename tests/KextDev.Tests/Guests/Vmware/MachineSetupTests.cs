using System.Text;
using KextDev.Guests;
using KextDev.Guests.Vmware;

namespace KextDev.Tests.Guests.Vmware;

public sealed class MachineSetupTests
{
    [Fact]
    public void A_machine_that_was_set_up_is_left_alone_the_next_time()
    {
        var once = Set("displayName = \"mac\"\nethernet0.virtualDev = \"vmxnet3\"\n", "/home/me/source");

        once.Get("ethernet0.virtualDev").ShouldBe("e1000e");
        once.IsOn("debugStub.listen.guest64").ShouldBeTrue();
        once.Get("serial0.fileName").ShouldBe("serial0.log");
        once.Get("sharedFolder0.hostPath").ShouldBe("/home/me/source");
        once.With(MachineSetup.Changes(once, "/vm", "/home/me/source")).ToBytes().ShouldBe(once.ToBytes());
    }

    [Fact]
    public void What_serves_already_stays_as_somebody_set_it()
    {
        var set = Set(
            """
            serial1.present = "TRUE"
            serial1.fileType = "file"
            serial1.fileName = "/var/log/mac.log"
            debugStub.port.guest64 = "12345"
            ethernet0.virtualDev = "e1000"
            """,
            share: null);

        set.Get("serial0.present").ShouldBeNull();
        set.Get("debugStub.port.guest64").ShouldBe("12345");
        set.Get("ethernet0.virtualDev").ShouldBe("e1000");
        set.Get("sharedFolder.maxNum").ShouldBeNull();
    }

    [Fact]
    public void A_guest_of_another_driver_has_nothing_to_set_up()
    {
        var definition = new GuestDefinition(GuestDriver.Ssh, default) { Name = "away" };

        Should.Throw<InfrastructureException>(() => new MachineSetup(definition, null, new GuestSite(new StateFolder("/none"), _ => { })))
            .Message.ShouldContain("away has no .vmx file");
    }

    private static VmxFile Set(string text, string? share)
    {
        var file = VmxFile.Parse(Encoding.UTF8.GetBytes(text));
        return file.With(MachineSetup.Changes(file, "/vm", share));
    }
}
