using KextDev.Guests.Images;
using KextDev.Processes;

namespace KextDev.Guests.Ssh;

/// <summary>Where and as whom a machine that KextDev did not make is reached, and by which key it proves itself.</summary>
internal sealed class SshEndpoint(GuestDefinition definition, GuestSite site)
{
    private const int UsualPort = 22;
    private const string Learn = "learn";

    private static readonly TimeSpan ScanLimit = TimeSpan.FromSeconds(20);

    public int Port => definition.Port != 0 ? definition.Port : UsualPort;

    private string LearntFile => Path.Combine(site.State.Keys, "learnt", definition.Name);

    /// <param name="host">It answers with an SSH server's banner.</param>
    /// <exception cref="InfrastructureException">A key is missing, here or there.</exception>
    public async Task<GuestEndpoint> GetAsync(string host, CancellationToken cancellationToken)
    {
        var own = definition.KeyFile is null || definition.HostKey is null
            ? await GuestKeys.GetAsync(site.State.Keys, site.Note, cancellationToken)
            : null;
        var key = definition.KeyFile ?? own!.ClientKey;
        if (!File.Exists(key))
        {
            throw new InfrastructureException(
                $"Nobody can log in to guest {definition.Name}: the private key {key} does not exist. Correct \"key\" in {definition.File}, or leave it out to use this checkout's own.");
        }

        var hostKey = definition.HostKey switch
        {
            null => own!.HostPublicKey,
            Learn => await LearnAsync(host, cancellationToken),
            var pinned => pinned,
        };
        return new GuestEndpoint(host, Port, definition.User, key, hostKey);
    }

    private async Task<string> LearnAsync(string host, CancellationToken cancellationToken)
    {
        if (File.Exists(LearntFile))
        {
            return (await File.ReadAllTextAsync(LearntFile, cancellationToken)).Trim();
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ScanLimit);
        var output = "";
        try
        {
            output = (await new HostCommand("ssh-keyscan", "-T", "10", "-p", $"{Port}", "-t", "ed25519,ecdsa,rsa", "--", host).TryRunAsync(limit.Token)).Output;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Told below: no key came.
        }

        // "host ssh-ed25519 AAAA...", a line a key.
        var offered = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .Select(line => line.Split(' '))
            .Where(words => words.Length >= 3)
            .OrderByDescending(words => words[1] == "ssh-ed25519")
            .FirstOrDefault()
            ?? throw new InfrastructureException(
                $"The host key of guest {definition.Name} could not be learnt: {host} port {Port} showed none to ssh-keyscan. Name it by \"hostKey\" in {definition.File}.");
        var key = $"{offered[1]} {offered[2]}";
        AtomicFile.Write(LearntFile, stream => stream.Write(System.Text.Encoding.ASCII.GetBytes(key + "\n")));
        site.Note($"The host key of guest {definition.Name} was learnt from {host} port {Port}: {key}. It is believed from now on; remove {LearntFile} when the guest was made anew.");
        return key;
    }
}
