using KextDev.Guests.Vmware;

namespace KextDev.Tests.Guests.Vmware;

public sealed class GuestAddressTests
{
    private const string Leases = """
        # All times in this file are in UTC (GMT), not your local timezone.
        lease 192.168.8.128 {
        	starts 6 2026/11/21 10:00:00;
        	ends 6 2026/11/21 10:30:00;
        	hardware ethernet 00:0c:29:aa:bb:0c;
        	client-hostname "old";
        }
        lease 192.168.8.131 {
        	starts 6 2026/11/21 11:00:00;
        	ends 6 2026/11/21 11:30:00;
        	hardware ethernet 00:0C:29:AA:BB:0C;
        }
        lease 192.168.8.129 {
        	starts 6 2026/11/21 10:20:00;
        	ends 6 2026/11/21 10:50:00;
        	hardware ethernet 00:0c:29:aa:bb:0c;
        }
        lease 192.168.8.140 {
        	ends 6 2026/11/21 12:30:00;
        	hardware ethernet 00:0c:29:00:00:01;
        }
        lease 192.168.8.141 {
        	ends 6 2027/11/21 12:30:00;
        	hardware ethernet 00:0c:29:00:00:01;
        	abandoned;
        }
        lease 192.168.8.150 { hardware ethernet 00:0c:29
        """;

    [Theory]
    [InlineData("00:0c:29:aa:bb:0c", "192.168.8.131")]
    [InlineData("00:0c:29:00:00:01", "192.168.8.140")]
    [InlineData("00:0c:29:00:00:02", null)]
    public void The_lease_that_ends_last_tells_a_cards_address(string card, string? expected) =>
        DhcpLeases.Search(Leases, Card(card)).ShouldBe(expected);

    [Fact]
    public void Leases_that_cannot_be_read_tell_nothing() => DhcpLeases.Find("/no/such/file", Card("00:0c:29:aa:bb:0c")).ShouldBeNull();

    [Theory]
    [InlineData("IP address       HW type     Flags       HW address            Mask     Device\n172.16.5.130     0x1         0x2         00:0c:29:0a:0b:0c     *        vmnet8\n")]
    [InlineData("? (192.168.1.254) at 0:1:2:3:4:5 on en0 ifscope [ethernet]\n? (172.16.5.130) at 0:c:29:a:b:c on vmnet8 ifscope [ethernet]\n")]
    [InlineData("Interface: 172.16.5.1 --- 0x5\r\n  Internet Address      Physical Address      Type\r\n  172.16.5.130          00-0c-29-0a-0b-0c     dynamic   \r\n")]
    public void A_cards_address_is_found_in_the_table_of_each_system(string table)
    {
        ArpTable.Find(table, Card("00:0c:29:0a:0b:0c")).ShouldBe("172.16.5.130");
        ArpTable.Find(table, Card("00:0c:29:0a:0b:0d")).ShouldBeNull();
    }

    [Theory]
    [InlineData("ethernet0.addressType = \"generated\"\nethernet0.generatedAddress = \"00:0C:29:01:02:03\"", "00:0c:29:01:02:03")]
    [InlineData("ethernet0.addressType = \"static\"\nethernet0.address = \"00:50:56:01:02:03\"\nethernet0.generatedAddress = \"00:0C:29:01:02:03\"", "00:50:56:01:02:03")]
    [InlineData("ethernet0.addressType = \"generated\"", null)]
    [InlineData("ethernet0.generatedAddress = \"00:0C:29:01:02\"", null)]
    [InlineData("ethernet0.generatedAddress = \"00:0C:29:01:02:+3\"", null)]
    public void A_machines_card_is_read_from_its_file(string vmx, string? expected) =>
        MacAddress.Of(VmxFile.Parse(System.Text.Encoding.UTF8.GetBytes(vmx)))?.ToString().ShouldBe(expected);

    [Theory]
    [InlineData("192.168.8.131", null)]
    [InlineData("fe80::20c:29ff:fe01:1", null)]
    [InlineData("192.168.8.1", "host's own")]
    [InlineData("0.0.0.0", "none")]
    [InlineData("unknown", "no address")]
    [InlineData("", "no address")]
    public void An_address_that_cannot_be_the_guests_is_objected_to(string address, string? expected)
    {
        if (expected is null)
        {
            GuestAddress.Objection(address).ShouldBeNull();
        }
        else
        {
            GuestAddress.Objection(address).ShouldNotBeNull().ShouldContain(expected);
        }
    }

    private static MacAddress Card(string text) => MacAddress.TryParse(text).ShouldNotBeNull();
}
