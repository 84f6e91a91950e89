using System.Net;
using System.Net.Sockets;

namespace KextDev.Guests.Vmware;

/// <summary>Judges what is said to be a guest's address.</summary>
internal static class GuestAddress
{
    /// <summary>Why this cannot be the guest's; null when it can.</summary>
    public static string? Objection(string address) =>
        !IPAddress.TryParse(address, out var parsed) ? $"'{address}' is no address."
        : parsed.Equals(IPAddress.Any) || parsed.Equals(IPAddress.IPv6Any) ? $"{address} stands for none."
        : parsed.AddressFamily == AddressFamily.InterNetwork && parsed.GetAddressBytes()[^1] == 1
            ? $"{address} ends in .1, which is the host's own on VMware's networks; it is known to be told for the guest's at times."
        : null;
}
