namespace KextDev.Guests.Ssh;

/// <summary>A machine of which only its SSH server can be asked anything.</summary>
internal static class SshMachine
{
    /// <summary>How often it must not have answered before it counts as silent: some five seconds for one that accepts and is slow.</summary>
    private const int Probes = 6;

    public static async Task<GuestCondition> LookAsync(GuestDefinition definition, GuestSite site, CancellationToken cancellationToken)
    {
        var ssh = new SshEndpoint(definition, site);
        if (!await AnswersAsync(definition.Host!, ssh.Port, cancellationToken))
        {
            return new GuestCondition(GuestPower.Silent);
        }

        var folder = Path.Combine(site.State.Guests, definition.Name);
        return new GuestCondition(GuestPower.Running)
        {
            Endpoint = await ssh.GetAsync(definition.Host!, cancellationToken),
            User = FolderLock.FindHolder(folder),
        };
    }

    public static async Task<bool> AnswersAsync(string host, int port, CancellationToken cancellationToken)
    {
        using var asked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var failures = 0;
        void Count(string failure)
        {
            if (++failures == Probes)
            {
                asked.Cancel();
            }
        }

        try
        {
            await SshBanner.WaitAsync(host, port, Count, asked.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
