using KextDev.Guests.Ssh;

namespace KextDev.Guests.Vmware;

/// <summary>
/// Finds the address at which a guest's SSH server answers. VMware Tools know it best; where they do not run, VMware's DHCP server gave it out,
/// and at last this host's own table of neighbours may have it. Whoever names an address that answers first, wins.
/// </summary>
/// <param name="console">Tells how far the guest's system came, where it prints into a file.</param>
internal sealed class AddressSearch(Vmrun vmrun, int port, GuestSite site, ConsoleLog? console)
{
    private const int ConsoleLines = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, string> _met = new(StringComparer.Ordinal);

    /// <param name="limit">For all of it.</param>
    /// <exception cref="InfrastructureException">No address, or none that answers, within the limit: what each way met.</exception>
    public async Task<string> FindAsync(TimeSpan limit, string definitionFile, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, site.Clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        Task<string>[] ways = [AskToolsAsync(limit, ended.Token), AskNetworkAsync(ended.Token)];
        try
        {
            return await await Task.WhenAny(ways);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InfrastructureException(
                $"The guest {vmrun.Vmx} did not answer within {limit.TotalSeconds:0.#} s: no address of it sent an SSH banner on port {port}. {Met()} "
                + $"Look at its screen: has it booted, and is its SSH server switched on (macOS: System Preferences, Sharing, Remote Login)? "
                + $"A slow host may need a larger \"startLimit\" in {definitionFile}.{Printed()}",
                exception);
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(ways).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task<string> AskToolsAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        const string Way = "VMware Tools";
        Note(Way, "they have told no address yet.");
        while (true)
        {
            try
            {
                var address = await vmrun.GetAddressAsync(limit, cancellationToken);
                await AnswersAsync(Way, address, cancellationToken);
                return address;
            }
            catch (VmrunException exception)
            {
                Note(Way, exception.Message);
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private async Task<string> AskNetworkAsync(CancellationToken cancellationToken)
    {
        const string Way = "The network";
        Task? probe = null;
        string? probed = null;
        while (true)
        {
            var address = await LookUpAsync(Way, cancellationToken);
            if (address is not null && GuestAddress.Objection(address) is { } objection)
            {
                Note(Way, objection);
                address = null;
            }

            // A new lease of the same card replaces the old one, at which nobody answers.
            if (address is not null && address != probed)
            {
                probed = address;
                probe = AnswersAsync(Way, address, cancellationToken);
            }

            if (probe is { IsCompletedSuccessfully: true })
            {
                return probed!;
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private async Task<string?> LookUpAsync(string way, CancellationToken cancellationToken)
    {
        if (ReadCard() is not { } card)
        {
            Note(way, "the .vmx file names no address of a network card.");
            return null;
        }

        var file = site.DhcpLeases ?? DhcpLeases.UsualFile;
        var address = DhcpLeases.Find(file, card) ?? await ArpTable.FindAsync(card, cancellationToken);
        if (address is null)
        {
            Note(way, $"the card {card} has no lease in {file} and is not in this host's ARP table.");
        }

        return address;
    }

    // Read each time: VMware writes the generated address at the machine's first start, and while it does the file may be away for a moment.
    private MacAddress? ReadCard()
    {
        try
        {
            return MacAddress.Of(VmxFile.Read(vmrun.Vmx));
        }
        catch (InfrastructureException)
        {
            return null;
        }
    }

    private Task AnswersAsync(string way, string address, CancellationToken cancellationToken) =>
        SshBanner.WaitAsync(address, port, failure => Note(way, $"{address} port {port} sent no SSH banner ({failure})."), cancellationToken);

    private void Note(string way, string what)
    {
        lock (_lock)
        {
            _met[way] = what;
        }
    }

    private string Printed() =>
        console is null ? ""
        : console.LastLines(ConsoleLines) is { Count: > 0 } lines ? $"\n  Last lines of its console:\n    {string.Join("\n    ", lines)}"
        : "\n  Its console printed nothing.";

    private string Met()
    {
        lock (_lock)
        {
            return string.Join(' ', _met.Select(way => $"{way.Key}: {way.Value}"));
        }
    }
}
