using KextDev.Guests.Images;

namespace KextDev.Tests.Guests.Images;

public sealed class KernelModulesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Puts_what_a_module_needs_before_it_and_each_once()
    {
        Module("kernel/net/virtio_net.ko", "net-failover,virtio");
        Module("kernel/net/net_failover.ko", "failover");
        Module("kernel/net/failover.ko", "");
        Module("kernel/drivers/virtio.ko", "");
        Module("kernel/drivers/virtio_pci.ko", "virtio");

        var order = new KernelModules(_folder.Path).InLoadOrder(["virtio-pci", "virtio_net"]);

        order.Select(Path.GetFileNameWithoutExtension).ShouldBe(["virtio", "virtio_pci", "failover", "net_failover", "virtio_net"]);
    }

    [Fact]
    public void Names_a_module_that_the_package_lacks()
    {
        Module("a.ko", "b");

        Should.Throw<InfrastructureException>(() => new KernelModules(_folder.Path).InLoadOrder(["a"])).Message.ShouldContain("no module b");
    }

    [Fact]
    public void Modules_that_need_each_other_do_not_go_on_forever()
    {
        Module("a.ko", "b");
        Module("b.ko", "a");

        new KernelModules(_folder.Path).InLoadOrder(["a"]).Count.ShouldBe(2);
    }

    private void Module(string path, string depends) => _folder.Write(path, $"\u007fELF\0license=GPL\0depends={depends}\0retpoline=Y\0");
}
