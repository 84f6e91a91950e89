using System.Globalization;
using KextDev.Crashes;
using KextDev.Events;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>What something came to that was asked of a guest.</summary>
/// <param name="Failure">Null when it passed.</param>
public sealed record Outcome(Verdict Verdict, string? Failure)
{
    public static Outcome Passed { get; } = new(Verdict.Passed, Failure: null);

    public static Outcome Failed(string? failure) => new(Verdict.Failed, failure);
}

/// <summary>
/// Asks something of a guest's kernel within a limit. A kernel that dies of it, one that hangs, one that only takes long
/// and a connection that breaks are told apart.
/// </summary>
public sealed class Trial(TestBench bench, TimeProvider clock)
{
    // How long a dying guest gets to say so before a lost connection is called one.
    private static readonly TimeSpan DeathPatience = TimeSpan.FromSeconds(3);

    // A Mac that panicked starts again by itself, and writes its report soon after it answers.
    private static readonly TimeSpan ReturnLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan ReportLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReturnPause = TimeSpan.FromMilliseconds(500);

    // Nobody knows what it does who does not reach it.
    private bool _isSilent;

    /// <summary>A kernel that does not run one command in so long is not merely slow.</summary>
    public static TimeSpan HeartbeatLimit { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The mark in the kernel's log after which the log belongs to this, once it was left there; null where consoles alone are heard.</summary>
    public string? Mark { get; set; }

    /// <param name="what">What takes too long or kills the kernel, for people: "ring_stress", "Loading com.example.mykext".</param>
    /// <param name="body">What is asked; its own outcome counts when the kernel lives on.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled. What the kernel does is never an exception.</exception>
    public async Task<Outcome> RunAsync(string what, TimeSpan limit, Func<CancellationToken, Task<Outcome>> body, CancellationToken cancellationToken)
    {
        var outcome = await TryAsync(what, limit, body, cancellationToken);
        return outcome.Verdict is Verdict.Panicked or Verdict.Hung || _isSilent
            ? outcome with { Failure = $"{outcome.Failure}{await bench.Evidence.RunAsync(bench.Guest, outcome.Verdict, cancellationToken)}" }
            : outcome;
    }

    /// <summary>What the kernel's log says since a mark, or why it says nothing.</summary>
    public Task<IReadOnlyList<string>> ReadLogAsync(string mark, CancellationToken cancellationToken) =>
        WhileItAnswersAsync(token => bench.Platform.ReadLogAsync(mark, token), why => [$"(the kernel's log could not be read: {why})"], cancellationToken);

    private async Task<T> WhileItAnswersAsync<T>(Func<CancellationToken, Task<T>> ask, Func<string, T> otherwise, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, bench.Watch.Died);
        limit.CancelAfter(HeartbeatLimit);
        try
        {
            return await ask(limit.Token);
        }
        catch (Exception exception) when (exception is ConnectionLostException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return otherwise(exception.Message);
        }
    }

    private async Task<Outcome> TryAsync(string what, TimeSpan limit, Func<CancellationToken, Task<Outcome>> body, CancellationToken cancellationToken)
    {
        using var time = new CancellationTokenSource(limit, clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, time.Token, bench.Watch.Died);
        await using var death = bench.Watch.Died.Register(bench.Shell.Abandon);

        // At the limit the kernel is asked at once: a command's end, which a dead one never answers, takes its time.
        Task<bool>? answers = null;
        await using var late = time.Token.Register(() => answers = AnswersAsync(cancellationToken));
        var heard = bench.Watch.Complained;
        Outcome outcome;
        try
        {
            outcome = await body(ends.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            outcome = time.IsCancellationRequested
                ? await AfterTimeLimitAsync(what, limit, answers ?? AnswersAsync(cancellationToken), cancellationToken)
                : await AfterLossAsync("", cancellationToken);
        }
        catch (ConnectionLostException exception)
        {
            outcome = await AfterLossAsync(exception.Message, cancellationToken);
        }
        catch (InfrastructureException exception)
        {
            outcome = await bench.Watch.DeathAsync(DeathPatience, cancellationToken) ?? new Outcome(Verdict.Infrastructure, exception.Message);
        }

        if (Mark is { } mark && outcome.Verdict is Verdict.Passed or Verdict.Failed or Verdict.TimedOut)
        {
            outcome = await HearLogAsync(what, outcome, mark, heard, cancellationToken);
        }

        // A program may end well on a kernel that dies under it, or that nobody reaches any more: neither passes.
        await bench.Watch.SettleAsync(cancellationToken);
        return (outcome.Verdict is Verdict.Passed or Verdict.Failed && bench.Watch.Died.IsCancellationRequested)
            || (outcome.Verdict == Verdict.Passed && !bench.Shell.IsConnected)
                ? await AfterLossAsync($"The connection was lost as {what} ended.", cancellationToken)
                : Hear(outcome, bench.Watch.ComplaintsSince(heard));
    }

    private async Task<Outcome> HearLogAsync(string what, Outcome outcome, string mark, long heard, CancellationToken cancellationToken)
    {
        var heardAll = await WhileItAnswersAsync(
            async token =>
            {
                await bench.Watch.HearLogAsync(bench.Platform, mark, heard, token);
                return true;
            },
            _ => false,
            cancellationToken);
        if (heardAll || bench.Watch.Died.IsCancellationRequested || !bench.Shell.IsConnected)
        {
            return outcome;
        }

        if (await AnswersAsync(cancellationToken))
        {
            bench.Watch.Note($"What the kernel's log says of {what} is not known: the guest did not tell it within {HeartbeatLimit.TotalSeconds:0} s.");
            return outcome;
        }

        return new Outcome(Verdict.Hung, $"The kernel did not answer a command within {HeartbeatLimit.TotalSeconds:0} s after {what}, over this connection or a new one.");
    }

    // What the kernel complains of and names the extension for never passes, but for what a busy host alone may bring about.
    private Outcome Hear(Outcome outcome, IEnumerable<Crash> complaints)
    {
        var module = bench.Slot.Extension.Name.Replace('-', '_');
        var complaint = complaints.Where(complaint => complaint.Module == module).MinBy(complaint => complaint.MeasuresTime);
        return (complaint, outcome.Verdict) switch
        {
            (null, _) or ({ MeasuresTime: true }, Verdict.Passed) => outcome,
            (_, Verdict.Passed) => Outcome.Failed($"The kernel complained: {complaint.Summary}"),
            _ => outcome with { Failure = $"{outcome.Failure} The kernel complained meanwhile: {complaint.Summary}" },
        };
    }

    // A slow test and a dead kernel are different verdicts: the kernel is asked first.
    private async Task<Outcome> AfterTimeLimitAsync(string what, TimeSpan limit, Task<bool> answers, CancellationToken cancellationToken)
    {
        var seconds = limit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        var asked = clock.GetTimestamp();
        var alive = await answers;

        // It may be the next kernel that answers.
        await HearReportsAsync(cancellationToken);
        if (alive && !bench.Watch.Died.IsCancellationRequested)
        {
            return new Outcome(Verdict.TimedOut, $"{what} took longer than its limit of {seconds} s; the kernel still answers.");
        }

        // Who dies says so while it is asked.
        var patience = DeathPatience - clock.GetElapsedTime(asked);
        return await bench.Watch.DeathAsync(patience > TimeSpan.Zero ? patience : TimeSpan.Zero, cancellationToken) is { } death
            ? death
            : new Outcome(Verdict.Hung, $"{what} took longer than its limit of {seconds} s, and the kernel did not answer a command within {HeartbeatLimit.TotalSeconds:0} s, over this connection or a new one.");
    }

    private async Task<Outcome> AfterLossAsync(string loss, CancellationToken cancellationToken)
    {
        if (await bench.Watch.DeathAsync(DeathPatience, cancellationToken) is { } death)
        {
            return death;
        }

        var answers = await AnswersAsync(cancellationToken);
        _isSilent = !answers;
        await HearReportsAsync(cancellationToken);
        return bench.Watch.Died.IsCancellationRequested && await bench.Watch.DeathAsync(TimeSpan.Zero, cancellationToken) is { } late
            ? late
            : new Outcome(Verdict.ConnectionLost, $"{loss} {(answers ? "The kernel answers over a new one." : $"Over a new one, the kernel did not answer within {HeartbeatLimit.TotalSeconds:0} s.")}".Trim());
    }

    // A guest without a console tells of its kernel's death once it is up again.
    private async Task HearReportsAsync(CancellationToken cancellationToken)
    {
        if (bench.Watch.HasConsole || !bench.Platform.ReportsPanics)
        {
            return;
        }

        using var late = new CancellationTokenSource(ReturnLimit, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        for (var isBack = false; !limit.IsCancellationRequested && !bench.Watch.Died.IsCancellationRequested;)
        {
            try
            {
                await using var shell = await GuestShell.ConnectAsync(bench.Endpoint, limit.Token);
                if (!isBack)
                {
                    isBack = true;
                    late.CancelAfter(ReportLimit);
                }

                foreach (var report in await bench.Platform.ReadPanicsAsync(shell, limit.Token))
                {
                    await bench.Watch.HearReportAsync(report);
                }
            }
            catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            await Task.Delay(ReturnPause, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    // The heartbeat: a command over the connection that is there, and another over one of its own. What clogs or breaks the one leaves the other.
    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(HeartbeatLimit, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, bench.Watch.Died, late.Token);

        // Whom nobody answered for so long nobody waits for to end a command.
        await using var silent = late.Token.Register(bench.Shell.Abandon);
        var asked = new List<Task<bool>> { AskAsync(bench.Shell, limit.Token), AskAnewAsync(limit.Token) };
        while (asked.Count > 0)
        {
            var first = await Task.WhenAny(asked);
            asked.Remove(first);
            if (await first)
            {
                await limit.CancelAsync();
                await Task.WhenAll(asked);
                return true;
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return false;
    }

    private async Task<bool> AskAnewAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var shell = await GuestShell.ConnectAsync(bench.Endpoint, cancellationToken);
            return await AskAsync(shell, cancellationToken);
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<bool> AskAsync(GuestShell shell, CancellationToken cancellationToken)
    {
        try
        {
            await shell.RunAsync("true", cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            return false;
        }
    }
}
