using System.Text.Json.Nodes;
using KextDev.Debuggers.Lldb;

namespace KextDev.Tests.Debuggers.Lldb;

public sealed class VsCodeLaunchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string LaunchFile => _folder.Combine(".vscode/launch.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_second_session_takes_the_place_of_the_first_and_others_stay()
    {
        Directory.CreateDirectory(_folder.Combine(".vscode"));
        File.WriteAllText(LaunchFile, """{ "version": "0.2.0", "compounds": [], "configurations": [ { "name": "mine", "type": "node", "ü": "<&>" } ] }""");

        VsCodeLaunch.Write(_folder.Path, "kernel", "/runs/1/session.lldb");
        VsCodeLaunch.Write(_folder.Path, "kernel", "/runs/2/\"session\".lldb").ShouldBe(LaunchFile);

        var root = JsonNode.Parse(File.ReadAllText(LaunchFile))!;
        root["compounds"].ShouldNotBeNull();
        var configurations = root["configurations"]!.AsArray();
        configurations.Select(one => (string)one!["name"]!).ShouldBe(["mine", "kernel"]);
        ((string)configurations[0]!["ü"]!).ShouldBe("<&>");
        ((string)configurations[1]!["type"]!).ShouldBe("lldb-dap");
        ((string)configurations[1]!["attachCommands"]![1]!).ShouldBe("""command source --silent-run true "/runs/2/\"session\".lldb" """.TrimEnd());
        Directory.GetFiles(_folder.Combine(".vscode")).ShouldBe([LaunchFile]);
    }

    [Theory]
    [InlineData("// mine\n{ \"configurations\": [] }")]
    [InlineData("{ \"configurations\": {} }")]
    [InlineData("[]")]
    public void What_would_lose_something_is_left_alone_and_told_how_to_do_it_by_hand(string written)
    {
        Directory.CreateDirectory(_folder.Combine(".vscode"));
        File.WriteAllText(LaunchFile, written);

        var refusal = Should.Throw<InfrastructureException>(() => VsCodeLaunch.Write(_folder.Path, "kernel", "/runs/1/session.lldb"));

        refusal.Message.ShouldContain("\"name\": \"kernel\"");
        refusal.Message.ShouldContain("/runs/1/session.lldb");
        File.ReadAllText(LaunchFile).ShouldBe(written);
    }
}
