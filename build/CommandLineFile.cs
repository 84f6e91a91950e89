using System.Text.Json;

/// <summary>A parameter file: `.nuke/parameters.json`, or a profile beside it.</summary>
/// <param name="Path">Where it is, or should be.</param>
internal sealed record CommandLineFile(string Path)
{
    public string Name => $".nuke/{System.IO.Path.GetFileName(Path)}";

    /// <summary>The files that a call reads: the shared one where it exists, and each profile that is named.</summary>
    public static IEnumerable<CommandLineFile> AllOf(IReadOnlyList<string>? root, IEnumerable<string> profiles, string workingFolder)
    {
        var folder = root is null ? RootAbove(workingFolder) : System.IO.Path.Combine(workingFolder, root is [var given, ..] ? given : "");
        if (folder is null)
        {
            return [];
        }

        var nuke = System.IO.Path.Combine(folder, ".nuke");
        var shared = new CommandLineFile(System.IO.Path.Combine(nuke, "parameters.json"));
        var named = profiles.Select(profile => new CommandLineFile(System.IO.Path.Combine(nuke, $"parameters.{profile}.json")));
        return File.Exists(shared.Path) ? named.Prepend(shared) : named;
    }

    /// <summary>Reads the values of each key.</summary>
    /// <returns>Why it cannot be read, or null.</returns>
    public string? Read(out IReadOnlyDictionary<string, IReadOnlyList<string>> properties)
    {
        var read = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        properties = read;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(Path));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return $"{Name}: The file holds no JSON object. Write {{ \"parameter\": \"value\" }}.";
            }

            foreach (var property in document.RootElement.EnumerateObject().Where(property => property.Name != "$schema"))
            {
                read[property.Name] = property.Value.ValueKind == JsonValueKind.Array
                    ? [.. property.Value.EnumerateArray().Select(value => value.ToString())]
                    : [property.Value.ToString()];
            }

            return null;
        }
        catch (JsonException exception)
        {
            return $"{Name}: Line {exception.LineNumber + 1} is no JSON. {exception.Message.Split(" LineNumber:")[0]}";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{Name} cannot be read. {exception.Message}";
        }
    }

    private static string? RootAbove(string folder)
    {
        for (var here = new DirectoryInfo(folder); here is not null; here = here.Parent)
        {
            if (System.IO.Path.Exists(System.IO.Path.Combine(here.FullName, ".nuke")))
            {
                return here.FullName;
            }
        }

        return null;
    }
}
