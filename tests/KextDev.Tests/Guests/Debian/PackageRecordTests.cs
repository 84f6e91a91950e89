using KextDev.Guests.Debian;

namespace KextDev.Tests.Guests.Debian;

public sealed class PackageRecordTests
{
    private const string Two = """
        Package: dropbear-bin
        Version: 1:2022.83-1
        Installed-Size: 400
        Depends: libc6 (>= 2.34), libcrypt1:any (>= 1:4.1.0), exim4 | mail-agent
        Description: small server
         Depends: nothing, this is prose
        Architecture: amd64
        Size: 155520
        SHA256: 44ac

        Package: broken
        Version: 1

        Package: linux-headers-common
        Version: 6.1
        Architecture: all
        Size: 7
        SHA256: 50

        """;

    [Fact]
    public void Reads_each_whole_paragraph()
    {
        var records = PackageRecord.ParseAll(Two).ToList();

        records.Select(record => record.Package).ShouldBe(
        [
            new DebianPackage("dropbear-bin", "1:2022.83-1", "amd64", 155520, "44ac"),
            new DebianPackage("linux-headers-common", "6.1", "all", 7, "50"),
        ]);
        records[0].Depends.ShouldBe(["libc6", "libcrypt1", "exim4"]);
        records[1].Depends.ShouldBeEmpty();
    }

    [Fact]
    public void Knows_the_name_that_apt_gives_a_download() =>
        PackageRecord.ParseAll(Two).First().Package.FileName.ShouldBe("dropbear-bin_1%3a2022.83-1_amd64.deb");

    [Fact]
    public void Finds_nothing_in_nothing() => PackageRecord.ParseAll("").ShouldBeEmpty();
}
