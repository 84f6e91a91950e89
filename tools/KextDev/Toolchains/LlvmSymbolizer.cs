using System.Globalization;
using System.Text.Json;
using KextDev.Hosts;
using KextDev.Processes;

namespace KextDev.Toolchains;

/// <param name="Function">As the source names it; null when unknown.</param>
/// <param name="File">As the debug information has it, usually a full path; null when unknown.</param>
/// <param name="Line">From 1 on; 0 when unknown.</param>
public sealed record SourcePlace(string? Function, string? File, int Line);

/// <summary>LLVM's own reader of debug information.</summary>
public static class LlvmSymbolizer
{
    /// <param name="file">A file with DWARF: the one within a dSYM, or an ELF file.</param>
    /// <param name="addresses">As in the file.</param>
    /// <returns>For each address what stands there: the innermost of the functions inlined into one another first. Empty where nothing is known.</returns>
    /// <exception cref="InfrastructureException">It is missing, or cannot read the file.</exception>
    public static async Task<IReadOnlyList<IReadOnlyList<SourcePlace>>> ResolveAsync(string file, IReadOnlyList<ulong> addresses, CancellationToken cancellationToken)
    {
        var program = HostNeed.Symbolizer.Sign.Split('|').FirstOrDefault(name => ProgramPath.Find(name) is not null)
            ?? throw new InfrastructureException(
                $"No address in {file} has a name: there is no llvm-symbolizer in PATH. On Debian the package {HostNeed.Symbolizer.Package} brings it, on a Mac brew install llvm, whose bin folder goes into PATH.");

        // Addresses by standard input, an answer a line; a Mac's own file may hold other processors' code as well.
        var result = await new HostCommand(program, $"--obj={file}", "--output-style=JSON", "--default-arch=x86_64")
        {
            StandardInput = string.Concat(addresses.Select(address => $"0x{address.ToString("x", CultureInfo.InvariantCulture)}\n")),
        }.RunAsync(cancellationToken);
        var answers = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            return answers.Length == addresses.Count
                ? [.. answers.Select(Read)]
                : throw new InvalidDataException($"{answers.Length} answers to {addresses.Count} questions");
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InfrastructureException(
                $"{program} did not tell what stands in {file}: {exception.Message} {result.Error.Trim()} Version 13 or later answers in JSON: install one.", exception);
        }
    }

    private static IReadOnlyList<SourcePlace> Read(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        if (document.RootElement.TryGetProperty("Error", out var error))
        {
            throw new InvalidDataException(error.GetProperty("Message").GetString());
        }

        return
        [
            .. document.RootElement.GetProperty("Symbol").EnumerateArray()
                .Select(symbol => new SourcePlace(Text(symbol, "FunctionName"), Text(symbol, "FileName"), symbol.GetProperty("Line").GetInt32()))
                .Where(place => place.Function is not null || place.File is not null),
        ];
    }

    private static string? Text(JsonElement symbol, string key) => symbol.GetProperty(key).GetString() is { Length: > 0 } text ? text : null;
}
