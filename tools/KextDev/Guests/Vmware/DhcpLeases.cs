using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Guests.Vmware;

/// <summary>The leases of VMware's own DHCP server (a file of ISC's dhcpd, see dhcpd.leases(5)): who has which address on the network vmnet8.</summary>
internal static partial class DhcpLeases
{
    /// <summary>Enough for thousands of leases; a longer file is read to here.</summary>
    private const int LargestFile = 4 * 1024 * 1024;

    /// <summary>Where the server of vmnet8, whose guests are behind the host's address translation, keeps its leases.</summary>
    public static string UsualFile =>
        OperatingSystem.IsMacOS() ? "/var/db/vmware/vmnet-dhcpd-vmnet8.leases"
        : OperatingSystem.IsWindows() ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "VMware", "vmnetdhcp.leases")
        : "/etc/vmware/vmnet8/dhcpd/dhcpd.leases";

    /// <summary>The address whose lease to this card ends last; null when there is none, or no such file.</summary>
    public static string? Find(string file, MacAddress card)
    {
        try
        {
            using var reader = new StreamReader(file);
            var text = new char[LargestFile];
            return Search(text.AsSpan(0, reader.ReadBlock(text)), card);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static string? Search(ReadOnlySpan<char> leases, MacAddress card)
    {
        (string Address, DateTime End)? best = null;
        foreach (Match lease in Lease().Matches(leases.ToString()))
        {
            var body = lease.Groups["body"].Value;
            if (MacAddress.TryParse(Hardware().Match(body).Groups["mac"].Value) != card || Abandoned().IsMatch(body))
            {
                continue;
            }

            // Without an end it never ends. Of two that end alike, the one written later counts.
            var end = DateTime.TryParseExact(
                Ends().Match(body).Groups["time"].Value, "yyyy/MM/dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
                ? time
                : DateTime.MaxValue;
            if (best is null || end >= best.Value.End)
            {
                best = (lease.Groups["address"].Value, end);
            }
        }

        return best?.Address;
    }

    [GeneratedRegex(@"^\s*lease\s+(?<address>[0-9.]+)\s*\{(?<body>[^{}]*)\}", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Lease();

    [GeneratedRegex(@"^\s*hardware\s+ethernet\s+(?<mac>[0-9A-Fa-f:]+)\s*;", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Hardware();

    [GeneratedRegex(@"^\s*ends\s+\d\s+(?<time>[0-9/]+ [0-9:]+)\s*;", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Ends();

    [GeneratedRegex(@"^\s*abandoned\s*;", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Abandoned();
}
