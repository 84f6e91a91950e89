using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class SigningCommandsTests
{
    [Fact]
    public void Signs_with_a_timestamp_and_the_given_certificate() =>
        SigningCommands.Sign("/b/sample.kext", new SigningIdentity("Developer ID Application: Example", "/k")).ToString()
            .ShouldBe("codesign --force --timestamp --sign 'Developer ID Application: Example' --keychain /k /b/sample.kext");

    [Fact]
    public void Verifies_a_signature() =>
        SigningCommands.VerifySignature("/b/sample.kext").ToString().ShouldBe("codesign --verify --strict --verbose=2 /b/sample.kext");

    [Fact]
    public void Builds_an_installer_for_Library_Extensions()
    {
        SigningCommands.BuildInstaller("/root-folder", Samples.Info, "/out/sample.pkg", new SigningIdentity("ABCD")).ToString().ShouldBe(
            "pkgbuild --root /root-folder --identifier org.example.sample --version 1.2.3 --install-location /Library/Extensions "
            + "--ownership recommended --sign ABCD --timestamp /out/sample.pkg");
        SigningCommands.BuildInstaller("/root-folder", Samples.Info, "/out/sample.pkg", null).Arguments.ShouldNotContain("--sign");
    }

    [Fact]
    public void Keeps_a_password_off_the_command_line()
    {
        var command = SigningCommands.UnlockKeychain("/k", "se\"cr\\et");
        command.ToString().ShouldBe("security -i");
        command.StandardInput.ShouldBe("unlock-keychain -p \"se\\\"cr\\\\et\" \"/k\"\n");
    }

    [Fact]
    public void Refuses_a_password_that_would_be_a_second_command() =>
        Should.Throw<ArgumentException>(() => SigningCommands.UnlockKeychain("/k", "a\ndelete-keychain /k"));
}
