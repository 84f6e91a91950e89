using System.Text.RegularExpressions;

namespace KextDev.Platforms.Darwin;

/// <summary>What <c>csrutil status</c> tells of System Integrity Protection; there is none before 10.11.</summary>
/// <param name="State">The first line's words: "enabled", "disabled", "enabled (Custom Configuration)", "unknown (Custom Configuration)".</param>
/// <param name="Protections">By their names, such as "Kext Signing": whether each protects. Only a custom configuration lists them.</param>
public sealed partial record SipStatus(string State, IReadOnlyDictionary<string, bool> Protections)
{
    /// <summary>Whether kexts without an accepted signature are refused; null where it cannot be told.</summary>
    public bool? ProtectsKexts => Protects("Kext Signing");

    /// <summary>Whether csr-active-config and, from 11 on, boot-args can be set in Recovery alone.</summary>
    public bool? ProtectsNvram => Protects("NVRAM Protections");

    /// <returns>Null when the text tells nothing of SIP.</returns>
    public static SipStatus? Parse(string output)
    {
        if (Status().Match(output) is not { Success: true } match)
        {
            return null;
        }

        var protections = Protection().Matches(output).DistinctBy(item => item.Groups["name"].Value)
            .ToDictionary(item => item.Groups["name"].Value, item => item.Groups["state"].Value == "enabled", StringComparer.Ordinal);
        return new SipStatus(match.Groups["state"].Value, protections);
    }

    private bool? Protects(string name) =>
        Protections.TryGetValue(name, out var enabled) ? enabled
        : State == "enabled" ? true
        : State == "disabled" ? false
        : null;

    [GeneratedRegex(@"System Integrity Protection status: *(?<state>[A-Za-z() ]{1,60}?)\.?[ \r]*$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Status();

    [GeneratedRegex(@"^[ \t]+(?<name>[A-Za-z ]{1,40}): (?<state>enabled|disabled)\b", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Protection();
}
