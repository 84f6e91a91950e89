using System.Text.Json;
using KextDev.Bundles;

namespace KextDev.Projects;

/// <summary>Values of Info.plist as a manifest writes them: text, numbers, true and false, lists and objects.</summary>
internal sealed class PlistFromJson(Located<ProjectManifest> located, string keyPath)
{
    public IReadOnlyDictionary<string, PlistValue> Read(IReadOnlyDictionary<string, JsonElement>? values) =>
        (values ?? new Dictionary<string, JsonElement>(StringComparer.Ordinal))
            .ToDictionary(entry => entry.Key, entry => Convert(entry.Value, $"{keyPath}.{entry.Key}"), StringComparer.Ordinal);

    private PlistValue Convert(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.String => new PlistText(value.GetString()!),
        JsonValueKind.True => new PlistFlag(true),
        JsonValueKind.False => new PlistFlag(false),
        JsonValueKind.Number => value.TryGetInt64(out var whole) ? new PlistInteger(whole) : new PlistReal(value.GetDouble()),
        JsonValueKind.Array => new PlistArray([.. value.EnumerateArray().Select((item, index) => Convert(item, $"{path}[{index}]"))]),
        JsonValueKind.Object => ConvertObject(value, path),
        _ => throw located.Problem(path, "a property list has no null. Leave the key out."),
    };

    private PlistDict ConvertObject(JsonElement value, string path)
    {
        var entries = new Dictionary<string, PlistValue>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            if (!entries.TryAdd(property.Name, Convert(property.Value, $"{path}.{property.Name}")))
            {
                throw located.Problem(path, $"the key '{property.Name}' stands there twice. Remove one.");
            }
        }

        return new PlistDict(entries);
    }
}
