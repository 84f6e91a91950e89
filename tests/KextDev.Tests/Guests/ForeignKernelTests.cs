using KextDev.Guests;

namespace KextDev.Tests.Guests;

public sealed class ForeignKernelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ForeignKernelTests() => _folder.Write("build/include/config/kernel.release", "5.10.0-33-amd64\n");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_with_a_whole_Makefile_is_both_halves()
    {
        _folder.Write("build/Makefile", "VERSION = 5\nPATCHLEVEL = 10\n");

        var tree = ForeignKernel.Read(_folder.Combine("build"));

        tree.Release.ShouldBe("5.10.0-33-amd64");
        tree.ObjectFolder.ShouldBe(_folder.Combine("build"));
        tree.SourceFolder.ShouldBe(_folder.Combine("build"));
    }

    [Fact]
    public void Debians_folder_names_the_other_half()
    {
        _folder.Write("common/Makefile", "VERSION = 5\n");
        _folder.Write("build/Makefile", $"# generated\ninclude {_folder.Combine("common")}/Makefile\n");

        ForeignKernel.Read(_folder.Combine("build")).SourceFolder.ShouldBe(_folder.Combine("common"));
    }

    [Fact]
    public void What_modules_are_marked_with_tells_the_release_where_kernel_release_tells_that_of_the_sources()
    {
        _folder.Write("build/Makefile", "VERSION = 6\nPATCHLEVEL = 1\n");
        _folder.Write("build/include/config/kernel.release", "6.1.192\n");
        _folder.Write("build/include/generated/utsrelease.h", "#define UTS_RELEASE \"6.1.0-56-amd64\"\n");

        ForeignKernel.Read(_folder.Combine("build")).Release.ShouldBe("6.1.0-56-amd64");
    }

    [Fact]
    public void Half_a_kernel_is_told_with_the_half_that_is_missing()
    {
        _folder.Write("build/Makefile", "include /usr/src/no-such-headers/Makefile\n");

        Should.Throw<InfrastructureException>(() => ForeignKernel.Read(_folder.Combine("build"))).Message.ShouldContain("/usr/src/no-such-headers, which does not exist");
    }

    [Fact]
    public void A_folder_that_is_no_kernels_is_told_so() =>
        Should.Throw<InfrastructureException>(() => ForeignKernel.Read(_folder.Combine("build"))).Message.ShouldContain("is not the build folder of a kernel: it has no Makefile");

    [Fact]
    public async Task A_guest_without_headers_is_told_how_to_get_them()
    {
        var definition = new GuestDefinition(GuestDriver.Ssh, default) { Name = "away", File = "/vm/away.json" };
        var site = new GuestSite(new StateFolder("/none"), _ => { });

        var message = (await Should.ThrowAsync<InfrastructureException>(ForeignKernel.GetTreeAsync(definition, site, CancellationToken.None))).Message;

        message.ShouldContain("/lib/modules/$(uname -r)/build");
        message.ShouldContain("\"kernelHeaders\" in /vm/away.json");
    }
}
