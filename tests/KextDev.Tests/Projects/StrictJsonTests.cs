using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json.Serialization;
using KextDev.Projects;

namespace KextDev.Tests.Projects;

public sealed class StrictJsonTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Reads_comments_trailing_commas_and_a_schema_key_into_records()
    {
        var menu = Read("""
            // a comment
            {
              "$schema": "menu.schema.json",
              "name": "lunch", /* another */
              "dishes": [ { "title": "soup", "minutes": 5, "kind": "veryHot", }, { "title": "tea", "minutes": 3, "kind": "luke-warm" } ],
              "prices": { "soup": [1, 2,], },
            }
            """);

        menu.Name.ShouldBe("lunch");
        menu.Note.ShouldBeNull();
        menu.Dishes.ShouldBe([new Dish("soup", 5, Heat.VeryHot), new Dish("tea", 3, Heat.LukeWarm)]);
        menu.Prices!["soup"].ShouldBe([1, 2]);
    }

    [Fact]
    public void Reads_a_file_that_starts_with_a_byte_order_mark()
    {
        File.WriteAllText(PathOf("menu.json"), """{ "name": "Grüße", "dishes": [] }""", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));

        StrictJson.Read<Menu>(PathOf("menu.json")).Name.ShouldBe("Grüße");
    }

    [Theory]
    [InlineData("{ 'name': 1 }", 1, "not valid JSON: ")]
    [InlineData("{\n  \"name\": \"a\",\n  \"dishes\": [\n", 4, "not valid JSON: ")]
    [InlineData("", 1, "not valid JSON: ")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [] }\n{}", 2, "not valid JSON: ")]
    [InlineData("[]", 1, "the file must be an object, not a list.")]
    [InlineData("null", 1, "the file must be an object, not null.")]
    [InlineData("{\n  \"nmae\": \"a\"\n}", 2, "unknown key 'nmae' at the top level. Allowed: dishes, name, note, prices. Did you mean 'name'?")]
    [InlineData("{ \"name\": \"a\",\n \"dishes\": [\n {\"title\": \"x\", \"minutes\": 1},\n {\"title\": \"x\",\n \"Minutes\": 1} ] }", 5, "unknown key 'Minutes' in dishes[1]. Allowed: kind, minutes, title. Did you mean 'minutes'?")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [\n { \"title\": \"x\" } ] }", 2, "missing key 'minutes' in dishes[0]. Required: minutes, title.")]
    [InlineData("{\n  \"name\": \"a\",\n  \"dishes\": [],\n  \"name\": \"b\" }", 4, "duplicate key 'name' at the top level: it stands in line 2 already. Remove one.")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [], \"prices\": {\n \"x\": [],\n \"x\": [] } }", 3, "duplicate key 'x' in prices: it stands in line 2 already. Remove one.")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [\n { \"title\": \"x\", \"minutes\": \"1\" } ] }", 2, "dishes[0].minutes must be a whole number, not the text \"1\".")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [\n { \"title\": \"x\", \"minutes\": 1.5 } ] }", 2, "dishes[0].minutes must be a whole number up to 2147483647, not 1.5.")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [\n { \"title\": \"x\", \"minutes\": 99999999999 } ] }", 2, "dishes[0].minutes must be a whole number up to 2147483647, not 99999999999.")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [ { \"title\": \"x\",\n\n \"minutes\": 0 } ] }", 3, "dishes[0].minutes is 0: allowed is 1 to 60.")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [ { \"title\": \"x\", \"minutes\": 1, \"kind\": \"Cold\" } ] }", 1, "unknown value 'Cold' of dishes[0].kind. Allowed: cold, luke-warm, veryHot. Did you mean 'cold'?")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [ { \"title\": \"x\", \"origin\": \"y\" } ] }", 1, "unknown key 'origin' in dishes[0]. Allowed: kind, minutes, title.")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [ { \"title\": \"x\", \"isHot\": true } ] }", 1, "unknown key 'isHot' in dishes[0]. Allowed: kind, minutes, title.")]
    [InlineData("{ \"name\": null, \"dishes\": [] }", 1, "name must be text, not null.")]
    [InlineData("{ \"name\": \"a\", \"dishes\": {} }", 1, "dishes must be a list, not an object.")]
    [InlineData("{ \"name\": \"a\", \"dishes\": [ null ] }", 1, "dishes[0] must be an object, not null.")]
    [InlineData("{ \"$schema\": 1, \"name\": \"a\", \"dishes\": [] }", 1, "$schema must be text, not 1.")]
    public void Says_file_line_key_and_what_is_allowed(string text, int line, string problem)
    {
        var exception = Should.Throw<ManifestException>(() => Read(text));

        exception.Line.ShouldBe(line);
        exception.Message.ShouldStartWith($"{PathOf("menu.json")}:{line}: {problem}");
        exception.ShouldBeAssignableTo<InfrastructureException>();
    }

    [Fact]
    public void Says_that_a_file_is_missing_and_where_it_was_looked_for()
    {
        var exception = Should.Throw<ManifestException>(() => StrictJson.Read<Menu>(PathOf("absent.json")));

        exception.Message.ShouldContain("there is no such file");
        exception.Message.ShouldContain(Path.GetFullPath(PathOf("absent.json")));
        exception.Line.ShouldBe(0);
    }

    [Fact]
    public void Says_that_a_folder_is_not_a_file() =>
        Should.Throw<ManifestException>(() => StrictJson.Read<Menu>(_folder)).Message.ShouldContain("it is a folder");

    [Theory]
    [InlineData(new byte[] { (byte)'{', (byte)'\n', (byte)'"', 0xff, (byte)'"', (byte)'}' }, 2)]
    [InlineData(new byte[] { 0xff, 0xfe, (byte)'{', 0, (byte)'}', 0 }, 1)]
    public void Says_that_a_text_is_not_utf8(byte[] bytes, int line)
    {
        File.WriteAllBytes(PathOf("menu.json"), bytes);

        var exception = Should.Throw<ManifestException>(() => StrictJson.Read<Menu>(PathOf("menu.json")));

        exception.Line.ShouldBe(line);
        exception.Message.ShouldContain("not UTF-8");
    }

    [Fact]
    public void Knows_the_line_of_every_value_for_later_checks()
    {
        File.WriteAllText(PathOf("menu.json"), "{ \"name\": \"a\",\n \"dishes\": [\n { \"title\": \"x\",\n \"minutes\": 1 },\n { \"title\": \"y\", \"minutes\": 2 } ] }");

        var menu = StrictJson.ReadLocated<Menu>(PathOf("menu.json"));

        menu.Line("name").ShouldBe(1);
        menu.Line("dishes[0].minutes").ShouldBe(4);
        menu.Line("dishes[1]").ShouldBe(5);
        menu.Line("dishes[0].kind").ShouldBe(3, "an absent key is where its object begins");
        menu.Problem("dishes[1].title", "no.").Message.ShouldBe($"{PathOf("menu.json")}:5: no.");
    }

    private Menu Read(string text)
    {
        File.WriteAllText(PathOf("menu.json"), text);
        return StrictJson.Read<Menu>(PathOf("menu.json"));
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private enum Heat
    {
        Cold,
        VeryHot,

        [JsonStringEnumMemberName("luke-warm")]
        LukeWarm,
    }

    private sealed record Dish(string Title, [property: Range(1, 60)] int Minutes, Heat Kind = Heat.Cold)
    {
        [JsonIgnore]
        public string Origin { get; init; } = "";

        public bool IsHot => Kind != Heat.Cold;
    }

    private sealed record Menu(string Name, IReadOnlyList<Dish> Dishes, string? Note = null, IReadOnlyDictionary<string, IReadOnlyList<int>>? Prices = null);
}
