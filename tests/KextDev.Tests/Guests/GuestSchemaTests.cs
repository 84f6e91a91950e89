using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using KextDev.Guests;
using KextDev.Projects;

namespace KextDev.Tests.Guests;

/// <summary>Editors read the schema, KextDev reads the record: both must allow the same.</summary>
public sealed class GuestSchemaTests
{
    private static readonly string Folder = FindFolder();
    private static readonly JsonObject Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "guest.schema.json")))!.AsObject();

    private static readonly string[] Names =
        [.. StrictJson.Options.GetTypeInfo(typeof(GuestDefinition)).Properties.Where(property => property.Get is not null).Select(property => property.Name)];

    public static TheoryData<string> Keys => [.. Names];

    [Fact]
    public void Schema_and_record_have_the_same_keys()
    {
        Schema["properties"]!.AsObject().Select(key => key.Key).Where(key => key != "$schema").ShouldBe(Names, ignoreOrder: true);
        Schema["required"]!.AsArray().Select(key => key!.GetValue<string>()).ShouldBe(["driver", "platform"]);
        Schema["additionalProperties"]!.GetValueKind().ShouldBe(JsonValueKind.False);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Schema_and_record_allow_the_same_values(string key)
    {
        var schema = Schema["properties"]![key]!;
        var property = typeof(GuestDefinition).GetProperty(key, BindingFlags.IgnoreCase | BindingFlags.Public | BindingFlags.Instance)!;
        var defaults = new GuestDefinition(default, default, default, "init");
        if ((Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is { IsEnum: true } type)
        {
            var names = Enum.GetValues(type).Cast<object>().Select(value => Json(property, value).GetValue<string>());
            schema["enum"]!.AsArray().Select(name => name!.GetValue<string>()).ShouldBe(names);
        }

        if (property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
        {
            schema["enum"]!.AsArray().Select(name => name!.GetValue<string>()).ShouldBe(allowed.Values.Cast<string>());
        }

        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            schema["minimum"]!.GetValue<int>().ShouldBe((int)range.Minimum);
            schema["maximum"]!.GetValue<int>().ShouldBe((int)range.Maximum);
        }

        if (schema["default"] is { } value)
        {
            Json(property, property.GetValue(defaults)).ToJsonString().ShouldBe(value.ToJsonString());
        }
    }

    [Fact]
    public void The_guests_of_this_repository_can_be_read()
    {
        var guests = GuestDefinition.Names(Folder);

        guests.ShouldContain("embedded");
        guests.ShouldContain("embedded-darwin");
        guests.Select(name => GuestDefinition.Find(name, Folder).Name).ShouldBe(guests);
    }

    private static JsonNode Json(PropertyInfo property, object? value) => JsonSerializer.SerializeToNode(value, property.PropertyType, StrictJson.Options)!;

    private static string FindFolder()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "vm", "guest.schema.json")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run from within a checkout.");
        }

        return Path.Combine(folder, "vm");
    }
}
