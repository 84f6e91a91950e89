using KextDev.Guests;
using KextDev.Projects;

namespace KextDev.Tests.Guests;

public sealed class GuestDefinitionTests : IDisposable
{
    private readonly TemporaryFolder _vm = new();

    public GuestDefinitionTests() => _vm.Write("box/init", "#!/bin/sh\n");

    public void Dispose() => _vm.Dispose();

    [Fact]
    public void Reads_a_guest_by_its_name_and_fills_in_what_is_not_said()
    {
        Write("""{ "driver": "qemu", "platform": "linux", "recipe": "debian-cloud", "init": "box/init", "memory": 128 }""");

        var guest = GuestDefinition.Find("box", _vm.Path);

        guest.Name.ShouldBe("box");
        guest.Recipe.ShouldBe(GuestRecipe.DebianCloud);
        guest.Memory.ShouldBe(128);
        guest.Cpus.ShouldBe(2);
        guest.Accelerator.ShouldBe(Accelerator.Auto);
        guest.InitFile.ShouldBe(_vm.Combine("box/init"));
    }

    [Fact]
    public void Reads_a_guest_by_the_path_of_its_file()
    {
        var file = Write("""{ "driver": "qemu", "platform": "linux", "recipe": "debian-cloud", "init": "box/init" }""");

        GuestDefinition.Find(file, "/nowhere").Name.ShouldBe("box");
    }

    [Fact]
    public void Names_the_guests_there_are_when_one_is_unknown()
    {
        Write("{}");
        _vm.Write("guest.schema.json", "{}");

        var message = Should.Throw<InfrastructureException>(() => GuestDefinition.Find("bux", _vm.Path)).Message;

        message.ShouldContain("'bux'");
        message.ShouldContain("Known guests: box;");
        message.ShouldEndWith("Did you mean 'box'?");
    }

    [Theory]
    [InlineData("\"memroy\": 128", "memroy", "memory")]
    [InlineData("\"accelerator\": \"hvf\"", "hvf", "tcg")]
    [InlineData("\"memory\": 12", "memory", "96")]
    [InlineData("\"cpus\": \"two\"", "cpus", "number")]
    [InlineData("\"init\": \"box/initt\"", "initt", "does not exist")]
    [InlineData("\"name\": \"other\"", "name", "Allowed: accelerator")]
    public void Tells_file_and_line_and_key_of_a_mistake(string line, string key, string expected)
    {
        var init = line.StartsWith("\"init\"", StringComparison.Ordinal) ? "" : "\n\"init\": \"box/init\",";
        var file = Write($$"""
            { "driver": "qemu", "platform": "linux",
              "recipe": "debian-cloud",{{init}}
              {{line}} }
            """);

        var message = Should.Throw<ManifestException>(() => GuestDefinition.Read(file)).Message;

        message.ShouldStartWith($"{file}:{(init.Length > 0 ? 4 : 3)}: ");
        message.ShouldContain(key);
        message.ShouldContain(expected);
    }

    [Fact]
    public void A_Darwin_guest_tells_its_init_as_what_it_speaks()
    {
        Directory.CreateDirectory(_vm.Combine("host/guest"));
        Write("""{ "driver": "qemu", "platform": "darwin", "recipe": "debian-cloud", "init": "box/init", "kextHost": "host", "release": "10.13" }""");

        var guest = GuestDefinition.Find("box", _vm.Path);

        guest.KextHostFolder.ShouldBe(_vm.Combine("host"));
        guest.InitArguments.ShouldBe(["darwin_release=10.13", "darwin_sanitize=no"]);
        (guest with { Sanitize = true }).InitArguments.ShouldContain("darwin_sanitize=yes");
    }

    [Theory]
    [InlineData("\"platform\": \"darwin\"", "kextHost is missing", "kext/host")]
    [InlineData("\"platform\": \"darwin\", \"kextHost\": \"box\"", "has no folder 'guest'", "kext/host")]
    [InlineData("\"platform\": \"linux\", \"kextHost\": \"box\"", "\"darwin\"", "Remove it")]
    [InlineData("\"platform\": \"linux\", \"release\": \"10.8\"", "release is 10.8", "10.15, 11")]
    public void A_Darwin_guest_needs_the_sources_of_kexthost_and_a_release_that_they_know(string keys, string problem, string wayOut)
    {
        var file = Write($$"""{ "driver": "qemu", "recipe": "debian-cloud", "init": "box/init", {{keys}} }""");

        var message = Should.Throw<ManifestException>(() => GuestDefinition.Read(file)).Message;

        message.ShouldContain(problem);
        message.ShouldContain(wayOut);
    }

    [Theory]
    [InlineData("\"driver\": \"vmware\", \"platform\": \"linux\"", "vmx", "needs \"vmx\"")]
    [InlineData("\"driver\": \"ssh\", \"platform\": \"linux\"", "host", "needs \"host\"")]
    [InlineData("\"driver\": \"qemu\", \"platform\": \"linux\", \"init\": \"box/init\"", "recipe", "needs \"recipe\" and \"init\"")]
    [InlineData("\"driver\": \"vmware\", \"platform\": \"linux\", \"vmx\": \"box.vmx\", \"sanitize\": true", "sanitize", "whose \"driver\" is \"qemu\"; this one's is \"vmware\"")]
    [InlineData("\"driver\": \"ssh\", \"platform\": \"linux\", \"host\": \"mac\", \"snapshot\": \"clean\"", "snapshot", "whose \"driver\" is \"vmware\"; this one's is \"ssh\"")]
    [InlineData("\"driver\": \"qemu\", \"platform\": \"linux\", \"recipe\": \"debian-cloud\", \"init\": \"box/init\", \"user\": \"me\"", "user", "\"vmware\" or \"ssh\"")]
    [InlineData("\"driver\": \"ssh\", \"platform\": \"darwin\", \"host\": \"mac\"", "hostKey", "\"learn\"")]
    public void Each_driver_has_keys_of_its_own(string keys, string key, string expected)
    {
        var exception = Should.Throw<ManifestException>(() => GuestDefinition.Read(Write($"{{ {keys} }}")));

        exception.KeyPath.ShouldBe(key);
        exception.Message.ShouldContain(expected);
    }

    [Fact]
    public void Paths_of_a_VMware_guest_are_relative_to_its_definition_or_the_users_home()
    {
        Write("""{ "driver": "vmware", "platform": "darwin", "vmx": "box/box.vmx", "vmrun": "/opt/vmrun", "product": "workstation", "key": "~/.ssh/id_ed25519", "hostKey": "learn" }""");

        var guest = GuestDefinition.Find("box", _vm.Path);

        guest.VmxFile.ShouldBe(_vm.Combine("box/box.vmx"));
        guest.VmrunFile.ShouldBe("/opt/vmrun");
        guest.KeyFile.ShouldBe(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ssh/id_ed25519"));
        guest.User.ShouldBe("root");
    }

    [Fact]
    public void Is_named_after_a_release_where_there_is_one_machine_of_a_definition()
    {
        _vm.Write("macos-10.15.json", """{ "driver": "vmware", "platform": "darwin", "vmx": "box/box.vmx", "hostKey": "learn" }""");
        _vm.Write("guest.schema.json", "{}");

        GuestDefinition.Find("macos-10.15", _vm.Path).Name.ShouldBe("macos-10.15");
        GuestDefinition.Names(_vm.Path).ShouldBe(["macos-10.15"]);
        Should.Throw<InfrastructureException>(() => GuestDefinition.Read(_vm.Write("..box.json", """{ "driver": "ssh", "platform": "darwin", "host": "mac", "hostKey": "learn" }""")))
            .Message.ShouldContain("no usable name");
    }

    [Fact]
    public void Refuses_a_name_that_would_be_mistaken_for_a_second_guest_of_another()
    {
        var file = _vm.Write("box.2.json", """{ "driver": "qemu", "platform": "linux", "recipe": "debian-cloud", "init": "box/init" }""");

        Should.Throw<InfrastructureException>(() => GuestDefinition.Read(file)).Message.ShouldContain("no usable name");
    }

    private string Write(string json) => _vm.Write("box.json", json);
}
