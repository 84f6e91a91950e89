using System.Text.RegularExpressions;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>What <c>sw_vers</c> prints: three lines, each a name, a colon, tabs and a value.</summary>
/// <param name="Product">"Mac OS X" to 10.15, "macOS" from 11 on.</param>
/// <param name="Version">Such as 10.15.7 or 11.2.</param>
/// <param name="Build">Such as 19H15.</param>
public sealed partial record SwVers(string Product, Version Version, string Build)
{
    /// <summary>Whether kexts are loaded by kmutil; before there was kextload alone.</summary>
    public bool HasKmutil => Version.Major >= 11;

    /// <summary>Whether there is a unified log, and the command log that shows it.</summary>
    public bool HasUnifiedLog => Version >= new Version(10, 12);

    /// <exception cref="InfrastructureException">The guest does not say.</exception>
    public static async Task<SwVers> ReadAsync(GuestShell shell, CancellationToken cancellationToken)
    {
        var answer = await shell.RunAsync("sw_vers", cancellationToken);
        return Parse(answer.Output + answer.Error);
    }

    /// <exception cref="InfrastructureException">It is not the output of sw_vers.</exception>
    public static SwVers Parse(string output)
    {
        // What else the guest prints may repeat itself, as its linker's warnings do.
        var fields = Field().Matches(output).DistinctBy(match => match.Groups["name"].Value, StringComparer.Ordinal).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value, StringComparer.Ordinal);
        return fields.TryGetValue("ProductVersion", out var text) && Version.TryParse(text.Contains('.', StringComparison.Ordinal) ? text : text + ".0", out var version)
            ? new SwVers(fields.GetValueOrDefault("ProductName", ""), version, fields.GetValueOrDefault("BuildVersion", ""))
            : throw new InfrastructureException(
                $"The guest does not say which macOS it runs: sw_vers printed '{output.Trim()}'. Make sure that the guest's definition names the right platform.");
    }

    public override string ToString() => $"{Product} {Version} ({Build})";

    [GeneratedRegex(@"^(?<name>[A-Za-z]{1,40}):[ \t]*(?<value>[^\r\n]{1,100}?)[ \t\r]*$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Field();
}
