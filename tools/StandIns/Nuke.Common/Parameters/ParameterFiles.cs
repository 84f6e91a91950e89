using System.Text.Json;
using Nuke.Common.IO;

namespace Nuke.Common.Parameters;

/// <summary>`.nuke/parameters.json` and the profiles beside it, read as if they were typed; a later file wins.</summary>
internal static class ParameterFiles
{
    /// <exception cref="ArgumentException">A profile does not exist, or a file is no JSON object.</exception>
    public static ArgumentWords Read(AbsolutePath root, IEnumerable<string> profiles, IReadOnlyList<ParameterMember> parameters)
    {
        var words = new List<string>();
        var shared = root / ".nuke" / "parameters.json";
        if (shared.FileExists())
        {
            words.AddRange(WordsOf(shared, root, parameters));
        }

        foreach (var profile in profiles)
        {
            var file = root / ".nuke" / $"parameters.{profile}.json";
            Assert.FileExists(file);
            words.AddRange(WordsOf(file, root, parameters));
        }

        return new ArgumentWords(words);
    }

    private static List<string> WordsOf(AbsolutePath file, AbsolutePath root, IReadOnlyList<ParameterMember> parameters)
    {
        var words = new List<string>();
        try
        {
            using var document = JsonDocument.Parse(file.ReadAllText());
            foreach (var property in document.RootElement.EnumerateObject().Where(property => property.Name != "$schema"))
            {
                var parameter = parameters.FirstOrDefault(candidate => Names.AreSame(candidate.Name, property.Name));
                Assert.True(parameter is not { IsSecret: true }, $"Secret '{property.Name}' in '{file}' is not encrypted");
                var values = property.Value.ValueKind == JsonValueKind.Array
                    ? property.Value.EnumerateArray().Select(value => value.ToString())
                    : [property.Value.ToString()];
                words.Add("--" + property.Name);
                words.AddRange(values.Select(value => parameter?.ValueType == typeof(AbsolutePath) ? (root / value).ToString() : value));
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ArgumentException($"Failed parsing parameters file '{file}'. {exception.Message}", exception);
        }

        return words;
    }
}
