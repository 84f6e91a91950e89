using System.Text.Json;
using System.Text.Json.Nodes;

namespace KextDev.Tests.Guests;

/// <summary>JSON Schema as far as this repository's schemas use it; a keyword that it does not know is an error, not passed over.</summary>
internal static class SchemaCheck
{
    private static readonly string[] Annotations = ["$schema", "title", "description", "default", "examples"];

    /// <summary>What an editor would underline.</summary>
    public static IReadOnlyList<string> Run(JsonNode schema, JsonNode? value) => [.. Check(schema, value, "")];

    private static IEnumerable<string> Check(JsonNode schema, JsonNode? value, string path)
    {
        if (schema is JsonValue allowed)
        {
            return allowed.GetValue<bool>() ? [] : [$"{path} is not allowed here"];
        }

        var rules = schema.AsObject();
        return rules.Where(rule => !Annotations.Contains(rule.Key)).SelectMany(rule => Check(rules, rule.Key, rule.Value!, value, path));
    }

    private static IEnumerable<string> Check(JsonObject rules, string keyword, JsonNode rule, JsonNode? value, string path) => keyword switch
    {
        "type" => Kind(rule.GetValue<string>(), value) ? [] : [$"{path} is no {rule}"],
        "const" => JsonNode.DeepEquals(rule, value) ? [] : [$"{path} is not {rule}"],
        "enum" => rule.AsArray().Any(choice => JsonNode.DeepEquals(choice, value)) ? [] : [$"{path} is none of {rule.ToJsonString()}"],
        "minimum" => value is JsonValue && value.GetValueKind() == JsonValueKind.Number && value.GetValue<int>() < rule.GetValue<int>() ? [$"{path} is less than {rule}"] : [],
        "maximum" => value is JsonValue && value.GetValueKind() == JsonValueKind.Number && value.GetValue<int>() > rule.GetValue<int>() ? [$"{path} is more than {rule}"] : [],
        "required" => rule.AsArray().Select(key => key!.GetValue<string>()).Where(key => value is not JsonObject map || !map.ContainsKey(key)).Select(key => $"{path} lacks {key}"),
        "properties" => rule.AsObject().Where(key => value is JsonObject map && map.ContainsKey(key.Key)).SelectMany(key => Check(key.Value!, value![key.Key], $"{path}.{key.Key}")),
        "additionalProperties" => value is JsonObject map && !rule.GetValue<bool>()
            ? map.Select(key => key.Key).Where(key => !rules["properties"]!.AsObject().ContainsKey(key)).Select(key => $"{path}.{key} is unknown")
            : [],
        "allOf" => rule.AsArray().SelectMany(part => Check(part!, value, path)),
        "not" => Check(rule, value, path).Any() ? [] : [$"{path} is what it must not be"],
        "if" => Check(rule, value, path).Any() ? [] : Check(rules["then"]!, value, path),
        "then" => [],
        _ => throw new NotSupportedException($"The schema's keyword '{keyword}' is not known to this check."),
    };

    private static bool Kind(string type, JsonNode? value) => (type, value?.GetValueKind()) switch
    {
        ("object", JsonValueKind.Object) or ("string", JsonValueKind.String) or ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => value!.AsValue().TryGetValue<int>(out _),
        _ => false,
    };
}
