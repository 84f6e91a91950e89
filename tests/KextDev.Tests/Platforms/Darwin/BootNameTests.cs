using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class BootNameTests
{
    [Theory]
    [InlineData("2D5A5C0E-5D1B-4C3A-9F43-3A9D0A1B2C3D\n{ sec = 1604000000, usec = 5 } Thu Oct 29 19:33:20 2020\n", "2D5A5C0E-5D1B-4C3A-9F43-3A9D0A1B2C3D")]
    [InlineData("{ sec = 1604000000, usec = 5 } Thu Oct 29 19:33:20 2020\n", "1604000000.5")]
    [InlineData("sysctl: unknown oid\n", "")]
    public void A_start_is_named_by_its_UUID_or_else_by_its_time(string output, string name) => BootName.Parse(output).ShouldBe(name);
}
