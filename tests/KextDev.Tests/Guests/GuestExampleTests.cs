using System.Text.Json;
using System.Text.Json.Nodes;
using KextDev.Guests;
using KextDev.Projects;

namespace KextDev.Tests.Guests;

/// <summary>The examples that people copy, read by both readers: what an editor underlines is what KextDev refuses.</summary>
public sealed class GuestExampleTests : IDisposable
{
    private static readonly JsonDocumentOptions Comments = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
    private static readonly string Vm = Path.Combine(Repository.Root, "vm");
    private static readonly JsonNode Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Vm, "guest.schema.json")))!;

    private readonly TemporaryFolder _copy = new();

    public static TheoryData<string> Files =>
    [
        .. Directory.EnumerateFiles(Vm, "*.json").Concat(Directory.EnumerateFiles(Path.Combine(Vm, "examples"), "*.json"))
            .Where(file => !file.EndsWith(".schema.json", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(Vm, file))
            .Order(StringComparer.Ordinal),
    ];

    public void Dispose() => _copy.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void Is_a_guest_to_the_schema_and_to_KextDev(string file)
    {
        var path = Path.Combine(Vm, file);

        SchemaCheck.Run(Schema, Parse(File.ReadAllText(path))).ShouldBeEmpty();
        GuestDefinition.Read(path).Name.ShouldBe(Path.GetFileNameWithoutExtension(file));
        var schema = Parse(File.ReadAllText(path))["$schema"]!.GetValue<string>();
        File.Exists(Path.GetFullPath(schema, Path.GetDirectoryName(path)!)).ShouldBeTrue();
    }

    [Fact]
    public void There_is_one_for_each_release_and_product_that_people_use()
    {
        var examples = GuestDefinition.Names(Path.Combine(Vm, "examples")).Select(name => GuestDefinition.Find(name, Path.Combine(Vm, "examples"))).ToList();

        foreach (var release in (string[])["10.13", "10.15", "11"])
        {
            examples.Where(guest => guest is { Driver: GuestDriver.Vmware, DiskFile: not null } && guest.Release == release)
                .Select(guest => guest.Product.ToString()).ShouldBe(["Fusion", "Workstation"]);
        }

        examples.Select(guest => guest.Driver).Distinct().ShouldBe(Enum.GetValues<GuestDriver>().Intersect([GuestDriver.Qemu, GuestDriver.Vmware, GuestDriver.Ssh]), ignoreOrder: true);
        examples.Where(guest => guest.Platform == GuestPlatform.Darwin).Select(guest => guest.Driver).Distinct().Count().ShouldBe(3);
    }

    [Theory]
    [InlineData("embedded.json", "\"memory\": 12")]
    [InlineData("embedded.json", "\"memroy\": 512")]
    [InlineData("embedded.json", "\"vmx\": \"box.vmx\"")]
    [InlineData("embedded.json", "\"host\": \"mac\"")]
    [InlineData("embedded.json", "\"kextHost\": \"../kext/host\"")]
    [InlineData("embedded-darwin.json", "\"release\": \"10.8\"")]
    [InlineData("embedded-darwin.json", "\"kextHost\": null")]
    [InlineData("embedded-darwin.json", "\"recipe\": null")]
    [InlineData("examples/macos-10.15-fusion.json", "\"accelerator\": \"kvm\"")]
    [InlineData("examples/macos-10.15-fusion.json", "\"startCommand\": \"true\"")]
    [InlineData("examples/macos-10.15-fusion.json", "\"hostKey\": null")]
    [InlineData("examples/macos-10.15-fusion.json", "\"baseSnapshot\": \"clean\"")]
    [InlineData("examples/macos-10.15-clone.json", "\"disk\": \"mac.vmdk\"")]
    [InlineData("examples/remote-mac.json", "\"snapshot\": \"clean\"")]
    [InlineData("examples/remote-mac.json", "\"memory\": 512")]
    [InlineData("examples/remote-mac.json", "\"host\": null")]
    public void What_the_schema_refuses_KextDev_refuses_too(string file, string change)
    {
        // The files that it names are looked for beside it.
        var source = Path.Combine(Vm, file);
        var text = Parse(File.ReadAllText(source)).AsObject();
        foreach (var key in (string[])["init", "kextHost"])
        {
            if (text[key] is { } path)
            {
                text[key] = Path.GetFullPath(path.GetValue<string>(), Path.GetDirectoryName(source)!);
            }
        }

        // Null stands for a key that is left out.
        var (changed, value) = Parse($"{{ {change} }}").AsObject().Single();
        text.Remove(changed);
        if (value is not null)
        {
            text[changed] = value.DeepClone();
        }

        SchemaCheck.Run(Schema, text).ShouldNotBeEmpty();
        Should.Throw<ManifestException>(() => GuestDefinition.Read(_copy.Write("copy.json", text.ToJsonString())));
    }

    private static JsonNode Parse(string text) => JsonNode.Parse(text, documentOptions: Comments)!;
}
