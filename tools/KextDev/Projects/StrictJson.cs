using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KextDev.Projects;

/// <summary>
/// Reads a JSON file into immutable records and accepts nothing that the records do not name.
/// Comments, trailing commas and a top-level "$schema" are allowed. Keys are the members' names in camelCase.
/// A member is required when it is a constructor parameter without default, or carries <c>required</c>.
/// <see cref="System.ComponentModel.DataAnnotations.ValidationAttribute"/>s on members of simple types are checked:
/// on a positional record, <c>[property: Range(1, 100)] int Count</c>.
/// </summary>
public static class StrictJson
{
    /// <summary>The contract: what <see cref="Read{T}"/> accepts, for those who compare it with a schema.</summary>
    public static JsonSerializerOptions Options { get; } = MakeOptions();

    /// <summary>The file's content.</summary>
    /// <exception cref="ManifestException">The file, the line, the key and what is allowed there.</exception>
    public static T Read<T>(string path)
        where T : class => ReadLocated<T>(path).Value;

    /// <summary>The file's content, with the line of every value, for checks of meaning that come after.</summary>
    /// <exception cref="ManifestException">The file, the line, the key and what is allowed there.</exception>
    public static Located<T> ReadLocated<T>(string path)
        where T : class
    {
        var text = ReadText(path);
        var check = new ContractCheck(path, text);
        var lines = check.Run(Options.GetTypeInfo(typeof(T)));
        try
        {
            var value = JsonSerializer.Deserialize<T>(text.Span, Options)!;
            return new Located<T>(value, path, lines);
        }
        catch (JsonException exception)
        {
            // A type of its own converter, which the contract says nothing about.
            var keyPath = (exception.Path ?? "$").TrimStart('$').TrimStart('.');
            throw new ManifestException(path, (int)(exception.LineNumber ?? -1) + 1, keyPath, $"{keyPath} has a value that cannot be read.", exception);
        }
    }

    private static ReadOnlyMemory<byte> ReadText(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            var why = Directory.Exists(path) ? "it is a folder" : "there is no such file";
            throw new ManifestException(path, 0, "", $"cannot be read: {why}. Full path: {Path.GetFullPath(path)}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var why = Directory.Exists(path) ? "it is a folder, not a file" : exception.Message;
            throw new ManifestException(path, 0, "", $"cannot be read: {why}", exception);
        }

        ReadOnlyMemory<byte> text = bytes;
        if (text.Span.StartsWith(Encoding.UTF8.Preamble))
        {
            text = text[Encoding.UTF8.Preamble.Length..];
        }

        for (var position = 0; position < text.Length;)
        {
            if (Rune.DecodeFromUtf8(text.Span[position..], out _, out var length) != System.Buffers.OperationStatus.Done)
            {
                var line = text.Span[..position].Count((byte)'\n') + 1;
                throw new ManifestException(path, line, "", "the text is not UTF-8. Save the file as UTF-8.");
            }

            position += length;
        }

        return text;
    }

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            // ContractCheck has refused every unknown key before; what the serializer still skips is the "$schema".
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
            RespectRequiredConstructorParameters = true,
            RespectNullableAnnotations = true,
            ReadCommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
            TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        };
        options.MakeReadOnly();
        return options;
    }
}

/// <summary>A file's content with the line of every value in it.</summary>
public sealed class Located<T>
{
    private readonly IReadOnlyDictionary<string, int> _lines;

    internal Located(T value, string file, IReadOnlyDictionary<string, int> lines)
    {
        Value = value;
        File = file;
        _lines = lines;
    }

    public T Value { get; }

    /// <summary>The file as the caller named it.</summary>
    public string File { get; }

    /// <summary>True when the key stands in the file.</summary>
    public bool Says(string keyPath) => _lines.ContainsKey(keyPath);

    /// <summary>The 1-based line of a key path such as "tests[2].timeLimit", or of the nearest thing around it that the file has.</summary>
    public int Line(string keyPath)
    {
        for (var path = keyPath; path.Length > 0; path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))])
        {
            if (_lines.TryGetValue(path, out var line))
            {
                return line;
            }
        }

        return 1;
    }

    /// <summary>The exception to throw for a value that can be read and yet makes no sense.</summary>
    public ManifestException Problem(string keyPath, string problem) => new(File, Line(keyPath), keyPath, problem);
}
