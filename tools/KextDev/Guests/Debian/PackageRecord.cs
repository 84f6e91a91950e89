namespace KextDev.Guests.Debian;

/// <summary>A paragraph of apt-cache show: a package and the names that it depends on (of alternatives, the first).</summary>
public sealed record PackageRecord(DebianPackage Package, IReadOnlyList<string> Depends)
{
    /// <summary>Paragraphs are separated by empty lines; those that lack a field that we need are left out.</summary>
    public static IEnumerable<PackageRecord> ParseAll(string text)
    {
        foreach (var paragraph in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var line in paragraph.Split('\n'))
            {
                // A line that starts with a space continues the field above, which is never one of ours.
                if (line.Length > 0 && line[0] != ' ' && line.IndexOf(": ", StringComparison.Ordinal) is var colon and > 0)
                {
                    fields.TryAdd(line[..colon], line[(colon + 2)..]);
                }
            }

            if (fields.TryGetValue("Package", out var name) && fields.TryGetValue("Version", out var version)
                && fields.TryGetValue("Architecture", out var architecture) && fields.TryGetValue("SHA256", out var sha256)
                && long.TryParse(fields.GetValueOrDefault("Size"), out var size))
            {
                var depends = fields.GetValueOrDefault("Depends", "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                yield return new PackageRecord(new DebianPackage(name, version, architecture, size, sha256), [.. depends.Select(FirstName)]);
            }
        }
    }

    private static string FirstName(string dependency) => dependency.Split([' ', '|', '(', ':'], 2)[0];
}
