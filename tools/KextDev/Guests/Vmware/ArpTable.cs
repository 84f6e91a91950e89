using System.Text.RegularExpressions;
using KextDev.Processes;

namespace KextDev.Guests.Vmware;

/// <summary>Whom this host has spoken to on its networks: an address of a card that is silent so far is not in it.</summary>
internal static partial class ArpTable
{
    private const string Linux = "/proc/net/arp";

    public static async Task<string?> FindAsync(MacAddress card, CancellationToken cancellationToken)
    {
        try
        {
            var table = File.Exists(Linux)
                ? await File.ReadAllTextAsync(Linux, cancellationToken)
                : (await new HostCommand("arp", OperatingSystem.IsWindows() ? "-a" : "-an").TryRunAsync(cancellationToken)).Output;
            return Find(table, card);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or HostCommandException)
        {
            return null;
        }
    }

    /// <param name="table">Of Linux' /proc/net/arp, of macOS' <c>arp -an</c> or of Windows' <c>arp -a</c>: each line an address and, after it, a card.</param>
    internal static string? Find(string table, MacAddress card) =>
        table.Split('\n')
            .Where(line => Card().Matches(line).Any(match => MacAddress.TryParse(match.Value) == card))
            .Select(line => Address().Match(line).Value)
            .FirstOrDefault(address => address.Length > 0);

    [GeneratedRegex(@"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{1,2}([:-][0-9A-Fa-f]{1,2}){5}(?![0-9A-Fa-f:-])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Card();

    [GeneratedRegex(@"(?<![0-9.])[0-9]{1,3}(\.[0-9]{1,3}){3}(?![0-9.])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Address();
}
