using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using KextDev.Projects;

namespace KextDev.Tests.Projects;

/// <summary>Editors read the schema, KextDev reads the records: both must allow the same keys.</summary>
public sealed class ProjectSchemaTests
{
    private static readonly JsonObject s_schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "kext", "kextdev.schema.json")))!.AsObject();

    [Fact]
    public void Schema_and_records_allow_the_same_keys() => Compare(s_schema, typeof(ProjectManifest), "");

    [Fact]
    public void Schema_and_code_know_the_same_plans() =>
        s_schema["properties"]!["tests"]!["items"]!["properties"]!["plans"]!["properties"]!.AsObject().Select(plan => plan.Key).ShouldBe(TestPlan.Names, ignoreOrder: true);

    private static void Compare(JsonObject schema, Type type, string path)
    {
        if (schema["$ref"] is { } reference)
        {
            schema = s_schema["$defs"]![reference.GetValue<string>().Split('/')[^1]]!.AsObject();
        }

        var contract = StrictJson.Options.GetTypeInfo(type);
        switch (contract.Kind)
        {
            case JsonTypeInfoKind.Object:
                var keys = schema["properties"]!.AsObject().Where(key => key.Key != "$schema").ToDictionary(key => key.Key, key => key.Value!.AsObject());
                keys.Keys.ShouldBe(contract.Properties.Select(property => property.Name), ignoreOrder: true, path);
                var required = contract.Properties.Where(property => property.AssociatedParameter is { HasDefaultValue: false }).Select(property => property.Name);
                (schema["required"]?.AsArray().Select(key => key!.GetValue<string>()) ?? []).ShouldBe(required, ignoreOrder: true, path);
                schema["additionalProperties"]!.GetValueKind().ShouldBe(JsonValueKind.False, path);
                foreach (var property in contract.Properties)
                {
                    Compare(keys[property.Name], property.PropertyType, $"{path}.{property.Name}");
                    CompareRange(keys[property.Name], property, $"{path}.{property.Name}");
                }

                break;
            case JsonTypeInfoKind.Enumerable:
                schema["type"]!.GetValue<string>().ShouldBe("array", path);
                Compare(schema["items"]!.AsObject(), contract.ElementType!, $"{path}[]");
                break;
            case JsonTypeInfoKind.Dictionary when contract.ElementType == typeof(JsonElement):
                schema["type"]!.GetValue<string>().ShouldBe("object", path);
                schema["additionalProperties"]!.GetValueKind().ShouldBe(JsonValueKind.True, path);
                break;
            case JsonTypeInfoKind.Dictionary:
                schema["type"]!.GetValue<string>().ShouldBe("object", path);
                // Plans are a closed set, which the schema spells out.
                var values = schema["additionalProperties"] as JsonObject ?? schema["properties"]!.AsObject().First().Value!.AsObject();
                Compare(values, contract.ElementType!, $"{path}.*");
                break;
            case JsonTypeInfoKind.None when (Nullable.GetUnderlyingType(type) ?? type) is { IsEnum: true } choice:
                schema["enum"]!.AsArray().Select(name => name!.GetValue<string>()).ShouldBe(Enum.GetNames(choice).Select(JsonNamingPolicy.CamelCase.ConvertName), path);
                break;
            default:
                schema["type"]!.GetValue<string>().ShouldBe(type == typeof(int) ? "integer" : "string", path);
                break;
        }
    }

    private static void CompareRange(JsonObject schema, JsonPropertyInfo property, string path)
    {
        if (property.AttributeProvider!.GetCustomAttributes(typeof(RangeAttribute), inherit: true) is [RangeAttribute range])
        {
            schema["minimum"]!.GetValue<int>().ShouldBe((int)range.Minimum, path);
            schema["maximum"]!.GetValue<int>().ShouldBe((int)range.Maximum, path);
        }
    }
}
