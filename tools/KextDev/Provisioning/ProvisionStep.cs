using System.Text.RegularExpressions;

namespace KextDev.Provisioning;

/// <summary>How one step of a provisioning script ended: a line of its output.</summary>
/// <param name="Name">Such as "sshd".</param>
/// <param name="Words">What was changed, why it failed, or what is worth telling; a guest's text without control characters, perhaps empty.</param>
public sealed partial record ProvisionStep(string Name, ProvisionOutcome Outcome, string Words)
{
    /// <summary>The steps that an output tells of; other lines are passed over.</summary>
    public static IReadOnlyList<ProvisionStep> ReadAll(string output) =>
    [
        .. Line().Matches(output).Select(match => new ProvisionStep(
            match.Groups["name"].Value,
            Enum.Parse<ProvisionOutcome>(match.Groups["outcome"].Value, ignoreCase: true),
            string.Concat(match.Groups["words"].Value.Where(c => !char.IsControl(c))).Trim())),
    ];

    [GeneratedRegex(@"^(?<outcome>done|changed|failed) (?<name>[a-z]{1,20})(: ?(?<words>[^\n]{0,2000})[^\n]*)?$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Line();
}

public enum ProvisionOutcome
{
    /// <summary>It was as it should be.</summary>
    Done,
    Changed,
    Failed,
}
