using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Platforms.Darwin;

/// <summary>
/// A row of <c>kextstat</c>: "Index Refs Address Size Wired [Arch] Name (Version) [UUID] [&lt;Linked Against&gt;]".
/// 10.9 and 10.10 print no UUID; from 11 on kmutil prints it, with lines of its own before.
/// </summary>
/// <param name="Index">The load tag.</param>
/// <param name="References">How many kexts are linked against it.</param>
/// <param name="Address">0 for a part of the kernel.</param>
/// <param name="Uuid">Null where none is shown.</param>
/// <param name="LinkedAgainst">Load tags.</param>
public sealed partial record KextStatRow(
    int Index, int References, ulong Address, ulong Size, string Identifier, string Version, Guid? Uuid, IReadOnlyList<int> LinkedAgainst)
{
    /// <summary>All rows of an output; what kmutil says of itself, and the header, are passed over.</summary>
    /// <exception cref="InfrastructureException">A line is neither: it stands in the message as it is.</exception>
    public static IReadOnlyList<KextStatRow> ReadAll(string output) =>
    [
        .. output.Split('\n')
            .Select(line => line.TrimEnd('\r', ' '))
            .Where(line => line.Length > 0 && !Heading().IsMatch(line))
            .Select(line => Parse(line)
                ?? throw new InfrastructureException($"kextstat printed a line that is no row of its table: '{line}'. The whole output: {output.Trim()}")),
    ];

    /// <returns>Null when the line is no row.</returns>
    public static KextStatRow? Parse(string line)
    {
        if (Row().Match(line) is not { Success: true } match)
        {
            return null;
        }

        return new KextStatRow(
            Number("index"),
            Number("refs"),
            Hexadecimal("address"),
            Hexadecimal("size"),
            match.Groups["identifier"].Value,
            match.Groups["version"].Value,
            Guid.TryParseExact(match.Groups["uuid"].Value, "D", out var uuid) ? uuid : null,
            [.. match.Groups["linked"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(tag => int.Parse(tag, CultureInfo.InvariantCulture))]);

        int Number(string group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        ulong Hexadecimal(string group) => ulong.Parse(
            match.Groups[group].Value.Replace("0x", "", StringComparison.Ordinal), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    // Between version and list stands the UUID, "no UUID" and whatever else, or nothing.
    [GeneratedRegex(
        @"^ *(?<index>\d{1,9}) +(?<refs>\d{1,9}) +(?<address>0x[0-9a-f]{1,16}|0) +(?<size>0x[0-9a-f]{1,16}|0) +(0x[0-9a-f]{1,16}|0) +(?<arch>[a-z0-9_]{1,10} +)?"
        + @"(?<identifier>[^\s(]{1,128}) \((?<version>[^)]{0,64})\)( (?<uuid>[0-9A-Fa-f-]{36})| no UUID[^<]{0,40})? ?(<(?<linked>(\d{1,9} ?){0,999})>)?$",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Row();

    [GeneratedRegex(@"^(Index +Refs +Address|Executing: |No variant specified)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Heading();
}
