using Renci.SshNet.Common;

namespace Renci.SshNet.OpenSsh;

/// <summary>
/// Asks about the server's key in the middle of connecting. ssh runs a KnownHostsCommand, which prints the offered key on ssh's standard error
/// and waits at a named pipe for the one known_hosts line to believe: the accepted key, or nothing.
/// ssh itself compares that line with the key that the server proved to own, so a forged offer gains nothing.
/// </summary>
internal sealed class HostKeyHandshake(string folder, Func<HostKeyEventArgs, bool> isTrusted) : IDisposable
{
    public const string ScriptName = "known-hosts";
    public const string AnswerName = "answer";
    private const string Prefix = "offered-host-key ";

    // Called with HOSTNAME, the type and the key; where ssh wants an order of kinds, once with ORDER before.
    private const string Script = $"""
        [ "$1" = HOSTNAME ] || exit 0
        echo "{Prefix}$2 $3" >&2
        read -r line < {AnswerName} && printf '%s\n' "$line"

        """;

    private readonly List<FileStream> _answers = [];

    /// <summary>The accepted key; null until one is.</summary>
    public (string Name, byte[] Key)? Accepted { get; private set; }

    /// <summary>What the handler threw, to be thrown to who connects.</summary>
    public Exception? HandlerFailure { get; private set; }

    public bool IsRefused { get; private set; }

    /// <exception cref="SshConnectionException">The key is not trusted.</exception>
    public static void Verify(Func<HostKeyEventArgs, bool> isTrusted, (string Name, byte[] Key) hostKey)
    {
        if (!isTrusted(new HostKeyEventArgs(hostKey.Name, hostKey.Key)))
        {
            throw Refused();
        }
    }

    public static SshConnectionException Refused() => new("Host key could not be verified.");

    public void WriteScript() => File.WriteAllText(Path.Combine(folder, ScriptName), Script);

    /// <summary>Answers when the line is an offer; false when it is any other line of ssh.</summary>
    public bool TryAnswer(string line)
    {
        if (!line.StartsWith(Prefix, StringComparison.Ordinal) || line[Prefix.Length..].Split(' ') is not [var name, var base64])
        {
            return false;
        }

        var key = Convert.FromBase64String(base64);
        try
        {
            IsRefused = !isTrusted(new HostKeyEventArgs(name, key));
        }
        catch (Exception exception)
        {
            IsRefused = true;
            HandlerFailure = exception;
        }

        if (!IsRefused)
        {
            Accepted = (name, key);
        }

        // Opened for both directions: a named pipe that is opened for writing alone waits for its reader, who may have died.
        var answer = new FileStream(Path.Combine(folder, AnswerName), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        _answers.Add(answer);
        answer.Write(System.Text.Encoding.ASCII.GetBytes(IsRefused ? "\n" : $"* {name} {base64}\n"));
        return true;
    }

    public void Dispose() => _answers.ForEach(answer => answer.Dispose());
}
