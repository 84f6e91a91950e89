using KextDev.Guests;
using KextDev.Shells;
using Packages.Tests.SshNet;

namespace KextDev.Tests.Shells;

/// <summary>The way in for scripts, to a real server; what sudo and passwords do to it is seen in a guest.</summary>
public sealed class RootScriptTests(OpenSshServer server) : IClassFixture<OpenSshServer>
{
    private GuestEndpoint Endpoint => new(server.Host, server.Port, server.User, server.PrivateKeyFile, server.HostKey);

    [Fact]
    public async Task Tells_whether_a_key_lets_in()
    {
        (await RootScript.TakesKeyAsync(Endpoint, CancellationToken.None)).ShouldBeTrue();
        (await RootScript.TakesKeyAsync(Endpoint with { PrivateKeyFile = server.StrangerKeyFile }, CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_user_who_is_refused_is_told_with_the_way_out_and_without_the_password()
    {
        var message = (await Should.ThrowAsync<InfrastructureException>(
            RootScript.RunAsync(Endpoint with { PrivateKeyFile = server.StrangerKeyFile }, "a-secret", "echo never", [], CancellationToken.None))).Message;

        message.ShouldContain($"refused {server.User}, with the key and with the password");
        message.ShouldContain("--login");
        message.ShouldNotContain("a-secret");
    }

    [Fact]
    public async Task Another_machine_gets_neither_password_nor_script()
    {
        var message = (await Should.ThrowAsync<InfrastructureException>(
            RootScript.RunAsync(Endpoint with { HostKey = server.StrangerKey }, "a-secret", "touch /tmp/never", [], CancellationToken.None))).Message;

        message.ShouldContain("No SSH connection");
        message.ShouldContain("Host key verification failed");
        message.ShouldNotContain("a-secret");
    }
}
