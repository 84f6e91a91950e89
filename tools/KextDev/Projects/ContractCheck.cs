using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace KextDev.Projects;

/// <summary>
/// Walks a JSON text beside the contract of a type and throws on the first thing that differs, with its line;
/// the serializer's own complaints name neither the line of a missing key nor what is allowed.
/// </summary>
internal sealed class ContractCheck(string file, ReadOnlyMemory<byte> text)
{
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private long _counted;
    private int _line = 1;

    /// <summary>The line of every key path.</summary>
    public IReadOnlyDictionary<string, int> Run(JsonTypeInfo type)
    {
        var reader = new Utf8JsonReader(text.Span, new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        try
        {
            reader.Read();
            CheckValue(ref reader, type, "", null);
            reader.Read();
        }
        catch (JsonException exception)
        {
            var message = exception.Message;
            var position = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            var line = (int)(exception.LineNumber ?? 0) + 1;
            throw new ManifestException(file, line, "", $"not valid JSON: {(position > 0 ? message[..position] : message)}", exception);
        }

        return _lines;
    }

    private void CheckValue(ref Utf8JsonReader reader, JsonTypeInfo type, string path, JsonPropertyInfo? property)
    {
        _lines.TryAdd(path, LineOf(reader.TokenStartIndex));
        if (reader.TokenType == JsonTokenType.Null && (property?.IsSetNullable ?? false))
        {
            return;
        }

        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                Expect(ref reader, JsonTokenType.StartObject, "an object", path);
                CheckObject(ref reader, type, path);
                break;
            case JsonTypeInfoKind.Dictionary:
                Expect(ref reader, JsonTokenType.StartObject, "an object", path);
                CheckDictionary(ref reader, type, path);
                break;
            case JsonTypeInfoKind.Enumerable:
                Expect(ref reader, JsonTokenType.StartArray, "a list", path);
                for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
                {
                    CheckValue(ref reader, Contract(type.ElementType!), $"{path}[{index}]", null);
                }

                break;
            default:
                CheckSimple(ref reader, Nullable.GetUnderlyingType(type.Type) ?? type.Type, path, property);
                break;
        }
    }

    private void CheckObject(ref Utf8JsonReader reader, JsonTypeInfo type, string path)
    {
        var start = LineOf(reader.TokenStartIndex);
        var properties = Settable(type).ToDictionary(property => property.Name, StringComparer.Ordinal);
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        while (ReadKey(ref reader, path, seen) is { } key)
        {
            if (path.Length == 0 && key == "$schema")
            {
                reader.Read();
                Expect(ref reader, JsonTokenType.String, "text", key);
                continue;
            }

            if (!properties.TryGetValue(key, out var property))
            {
                throw new ManifestException(
                    file, seen[key], Join(path, key), $"unknown key '{key}' {In(path)}. Allowed: {List(properties.Keys)}.{ClosestMatch.Question(key, properties.Keys)}");
            }

            _lines[Join(path, key)] = seen[key];
            reader.Read();
            CheckValue(ref reader, Contract(property.PropertyType), Join(path, key), property);
        }

        foreach (var property in properties.Values.Where(property => IsRequired(property) && !seen.ContainsKey(property.Name)))
        {
            throw new ManifestException(
                file, start, Join(path, property.Name), $"missing key '{property.Name}' {In(path)}. Required: {List(properties.Values.Where(IsRequired).Select(p => p.Name))}.");
        }
    }

    private void CheckDictionary(ref Utf8JsonReader reader, JsonTypeInfo type, string path)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        while (ReadKey(ref reader, path, seen) is { } key)
        {
            _lines[Join(path, key)] = seen[key];
            reader.Read();
            CheckValue(ref reader, Contract(type.ElementType!), Join(path, key), null);
        }
    }

    private void CheckSimple(ref Utf8JsonReader reader, Type type, string path, JsonPropertyInfo? property)
    {
        object? value = null;
        if (type == typeof(string))
        {
            Expect(ref reader, JsonTokenType.String, "text", path);
            value = reader.GetString();
        }
        else if (type == typeof(bool))
        {
            if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
            {
                throw Mismatch(ref reader, "true or false", path);
            }
        }
        else if (type == typeof(int) || type == typeof(long))
        {
            Expect(ref reader, JsonTokenType.Number, "a whole number", path);
            value = type == typeof(int) && reader.TryGetInt32(out var small) ? small
                : type == typeof(long) && reader.TryGetInt64(out var large) ? large
                : throw Mismatch(ref reader, type == typeof(int) ? $"a whole number up to {int.MaxValue}" : "a whole number", path);
        }
        else if (type == typeof(double))
        {
            Expect(ref reader, JsonTokenType.Number, "a number", path);
            value = reader.GetDouble();
        }
        else if (type == typeof(JsonElement))
        {
            // Anything may stand here; a container is passed by as a whole.
            reader.Skip();
        }
        else if (type.IsEnum)
        {
            var allowed = NamesOf(type).ToList();
            Expect(ref reader, JsonTokenType.String, $"one of {List(allowed)}", path);
            var name = reader.GetString()!;
            if (!allowed.Contains(name, StringComparer.Ordinal))
            {
                throw Wrong(ref reader, path, $"unknown value '{name}' of {path}. Allowed: {List(allowed)}.{ClosestMatch.Question(name, allowed)}");
            }
        }

        var attributes = property?.AttributeProvider?.GetCustomAttributes(typeof(ValidationAttribute), inherit: true) ?? [];
        foreach (var attribute in attributes.Cast<ValidationAttribute>().Where(attribute => !attribute.IsValid(value)))
        {
            var allowed = attribute switch
            {
                RangeAttribute range => $"allowed is {range.Minimum} to {range.Maximum}",
                AllowedValuesAttribute some => $"allowed are {string.Join(", ", some.Values)}",
                _ => attribute.FormatErrorMessage(property!.Name),
            };
            throw Wrong(ref reader, path, $"{path} is {value}: {allowed}.");
        }
    }

    /// <summary>The next key of an object, its line noted; null at the object's end.</summary>
    private string? ReadKey(ref Utf8JsonReader reader, string path, Dictionary<string, int> seen)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.PropertyName)
        {
            return null;
        }

        var key = reader.GetString()!;
        var line = LineOf(reader.TokenStartIndex);
        return seen.TryAdd(key, line)
            ? key
            : throw new ManifestException(file, line, Join(path, key), $"duplicate key '{key}' {In(path)}: it stands in line {seen[key]} already. Remove one.");
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType token, string expected, string path)
    {
        if (reader.TokenType != token)
        {
            throw Mismatch(ref reader, expected, path);
        }
    }

    private ManifestException Mismatch(ref Utf8JsonReader reader, string expected, string path)
    {
        var found = reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "a list",
            JsonTokenType.String => $"the text \"{reader.GetString()}\"",
            _ => Encoding.UTF8.GetString(reader.ValueSpan),
        };
        return Wrong(ref reader, path, $"{(path.Length == 0 ? "the file" : path)} must be {expected}, not {found}.");
    }

    private ManifestException Wrong(ref Utf8JsonReader reader, string path, string problem) =>
        new(file, LineOf(reader.TokenStartIndex), path, problem);

    // The reader only moves forward, so the lines are counted once over the whole text.
    private int LineOf(long offset)
    {
        if (offset > _counted)
        {
            _line += text.Span[(int)_counted..(int)offset].Count((byte)'\n');
            _counted = offset;
        }

        return _line;
    }

    private static IEnumerable<string> NamesOf(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(
            field => field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(field.Name));

    private static JsonTypeInfo Contract(Type type) => StrictJson.Options.GetTypeInfo(type);

    private static IEnumerable<JsonPropertyInfo> Settable(JsonTypeInfo type) =>
        type.Properties.Where(property => property.Set is not null || property.AssociatedParameter is not null);

    private static bool IsRequired(JsonPropertyInfo property) =>
        property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false };

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static string In(string path) => path.Length == 0 ? "at the top level" : $"in {path}";

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}
