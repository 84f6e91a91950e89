using System.Text;
using System.Text.Json;

namespace KextDev.Bundles;

/// <summary>The answer of <see cref="KextCheck"/> for a person or for a program.</summary>
public static class KextCheckReport
{
    /// <summary>A finding a line, as compilers print them: "where: severity code: message", the way to mend it below.</summary>
    public static void WriteText(TextWriter output, KextBundle bundle, KextCheckResult result)
    {
        foreach (var finding in result.Findings)
        {
            var where = finding.Where.Length == 0 || Path.IsPathRooted(finding.Where)
                ? finding.Where
                : $"{Path.GetFileName(bundle.Folder)}/{finding.Where}";
            if (where.Length == 0)
            {
                where = Path.GetFileName(bundle.Folder);
            }

            output.WriteLine(Printable($"{where}: {Name(finding.Severity)} {finding.Code}: {finding.Message}"));
            if (finding.Fix.Length > 0)
            {
                output.WriteLine(Printable($"    {finding.Fix}"));
            }
        }

        if (result.LibrariesBlock is { } block)
        {
            output.WriteLine("The libraries that serve its imports:");
            output.Write(block);
        }

        output.WriteLine(result.LoadsOn.Count == 0
            ? "It loads on none of the releases."
            : $"Nothing found here keeps it from loading on {ReleaseNames.Of(result.LoadsOn)}.");
    }

    /// <summary>One object: bundle, identifier, loadsOn, libraries, findings [severity, code, message, where, fix].</summary>
    public static void WriteJson(TextWriter output, KextBundle bundle, KextCheckResult result)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("bundle", Path.GetFileName(bundle.Folder));
            json.WriteString("identifier", bundle.Identifier);
            json.WriteStartArray("loadsOn");
            foreach (var release in result.LoadsOn)
            {
                json.WriteStringValue(release.Name);
            }

            json.WriteEndArray();
            WriteLibraries(json, result.Libraries);
            json.WriteStartArray("findings");
            foreach (var finding in result.Findings)
            {
                json.WriteStartObject();
                json.WriteString("severity", Name(finding.Severity));
                json.WriteString("code", finding.Code);
                json.WriteString("message", finding.Message);
                json.WriteString("where", finding.Where);
                json.WriteString("fix", finding.Fix);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static void WriteLibraries(Utf8JsonWriter json, IReadOnlyDictionary<string, string>? libraries)
    {
        if (libraries is null)
        {
            json.WriteNull("libraries");
            return;
        }

        json.WriteStartObject("libraries");
        foreach (var (library, version) in libraries.OrderBy(library => library.Key, StringComparer.Ordinal))
        {
            json.WriteString(library, version);
        }

        json.WriteEndObject();
    }

    private static string Name(Severity severity) => severity switch
    {
        Severity.Error => "error",
        Severity.Warning => "warning",
        _ => "note",
    };

    /// <summary>A stranger's bundle must not command the terminal.</summary>
    private static string Printable(string text) =>
        string.Create(text.Length, text, (line, source) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
}
