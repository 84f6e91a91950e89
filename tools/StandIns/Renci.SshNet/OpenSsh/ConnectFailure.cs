using System.Net.Sockets;
using Renci.SshNet.Common;

namespace Renci.SshNet.OpenSsh;

/// <summary>ssh's own words about why it did not connect, as the published package's exceptions.</summary>
internal static class ConnectFailure
{
    private static readonly (string Words, Func<string, Exception> Make)[] _failures =
    [
        ("Permission denied", text => new SshAuthenticationException(text)),
        ("Too many authentication failures", text => new SshAuthenticationException(text)),
        ("Connection refused", _ => new SocketException((int)SocketError.ConnectionRefused)),
        ("No route to host", _ => new SocketException((int)SocketError.HostUnreachable)),
        ("Network is unreachable", _ => new SocketException((int)SocketError.NetworkUnreachable)),
        ("Could not resolve hostname", _ => new SocketException((int)SocketError.HostNotFound)),
        ("timed out", text => new SshOperationTimeoutException(text)),
    ];

    public static Exception From(string text)
    {
        text = text.Length > 0 ? text : "ssh ended without a word.";
        foreach (var (words, make) in _failures)
        {
            if (text.Contains(words, StringComparison.Ordinal))
            {
                return make(text);
            }
        }

        return new SshConnectionException(text);
    }
}
