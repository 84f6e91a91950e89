using System.Text.Json;

namespace KextDev.BuildTests;

/// <summary>The schema helps people who write .nuke/parameters.json; the published Nuke would write it anew at each change.</summary>
public sealed class BuildSchemaTests : IDisposable
{
    private readonly JsonDocument _schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(ScriptCheckout.Repository, ".nuke", "build.schema.json")));

    public void Dispose() => _schema.Dispose();

    [Fact]
    public void Names_every_target() => _schema.RootElement
        .GetProperty("definitions").GetProperty("ExecutableTarget").GetProperty("enum").EnumerateArray().Select(name => name.GetString())
        .ShouldBe(CommandLineParameter.TargetsOf(typeof(global::Build)).Order(StringComparer.OrdinalIgnoreCase));

    [Fact]
    public void Describes_every_parameter()
    {
        var own = _schema.RootElement.GetProperty("allOf")[0].GetProperty("properties").EnumerateObject();
        var builtIn = _schema.RootElement.GetProperty("definitions").GetProperty("NukeBuild").GetProperty("properties").EnumerateObject();

        // Nuke's own Partition is a parameter of build servers; the stand-in has none.
        own.Concat(builtIn).Select(property => property.Name).Where(name => name != "Partition")
            .ShouldBe(CommandLineParameter.AllOf(typeof(global::Build)).Select(parameter => parameter.Name).Where(name => name != "Partition"), ignoreOrder: true);
    }
}
