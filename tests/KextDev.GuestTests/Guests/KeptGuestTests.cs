using KextDev.Guests;

namespace KextDev.GuestTests.Guests;

[Collection(GuestTurns.Name)]
public sealed class KeptGuestTests : IAsyncLifetime, IDisposable
{
    private readonly GuestPlace _place = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Guest().StopAsync(CancellationToken.None);

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Outlives_its_starter_is_joined_and_ends_when_told()
    {
        var kept = await StartKeptAsync();
        (await _place.ListAsync()).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            status => status.Kept.ShouldBeTrue(),
            status => status.Condition.ShouldBe("running"),
            status => status.User.ShouldBeNull());

        await using (var second = Guest())
        {
            (await second.StartAsync(CancellationToken.None)).ShouldBe(kept);
            ((IKeepable)second).Joined.ShouldBeTrue();
            (await _place.ListAsync()).ShouldHaveSingleItem().User.ShouldNotBeNull().ShouldContain($"process {Environment.ProcessId}");
        }

        (await Ssh.Command(_place, kept, "id -un").RunAsync(CancellationToken.None)).Output.ShouldBe("root\n");
        (await LookAsync()).ShouldBe(new GuestCondition(GuestPower.Running) { Endpoint = kept });
        var deletion = GuestFactory.Deletion(GuestPlace.Embedded, _place.Site)!;
        (await Should.ThrowAsync<InfrastructureException>(deletion.DeleteAsync(CancellationToken.None))).Message.ShouldContain("VmDown --guest embedded");

        await Guest().StopAsync(CancellationToken.None);
        (await _place.ListAsync()).ShouldBeEmpty();
        (await LookAsync()).ShouldBe(new GuestCondition(GuestPower.Off));
        (await deletion.FindLossAsync(CancellationToken.None)).ShouldHaveSingleItem().ShouldStartWith(Path.Combine(_place.State.Guests, "embedded"));
        await deletion.DeleteAsync(CancellationToken.None);
        (await deletion.FindLossAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Is_neither_shared_nor_ended_while_another_uses_it()
    {
        var kept = await StartKeptAsync();
        await using var user = Guest();
        await user.StartAsync(CancellationToken.None);

        await using (var third = Guest())
        {
            (await third.StartAsync(CancellationToken.None)).Port.ShouldNotBe(kept.Port);
            ((IKeepable)third).Joined.ShouldBeFalse();
        }

        var message = (await Should.ThrowAsync<InfrastructureException>(Guest().StopAsync(CancellationToken.None))).Message;
        message.ShouldContain($"process {Environment.ProcessId}");
        (await _place.ListAsync()).ShouldHaveSingleItem().Endpoint.ShouldBe(kept);
    }

    [Fact]
    public async Task Is_replaced_when_its_kernel_died()
    {
        var kept = await StartKeptAsync();
        using var cancel = new CancellationTokenSource();
        var crash = Ssh.Command(_place, kept, "echo c >/proc/sysrq-trigger").TryRunAsync(cancel.Token);
        while ((await _place.ListAsync()).Single().Condition == "running")
        {
            crash.IsCompleted.ShouldBeFalse();
        }

        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(crash);

        await using var next = Guest();
        var endpoint = await next.StartAsync(CancellationToken.None);

        ((IKeepable)next).Joined.ShouldBeFalse();
        _place.Notes.ShouldContain(note => note.Contains("answers no longer", StringComparison.Ordinal));
        (await Ssh.Command(_place, endpoint, "id -un").RunAsync(CancellationToken.None)).Output.ShouldBe("root\n");
        (await _place.ListAsync()).ShouldHaveSingleItem().Kept.ShouldBeTrue();
    }

    [Fact]
    public async Task Is_not_joined_by_another_definition()
    {
        await StartKeptAsync();
        await using var other = GuestFactory.Create(GuestPlace.Embedded with { Memory = 192 }, _place.Site);

        await other.StartAsync(CancellationToken.None);

        ((IKeepable)other).Joined.ShouldBeFalse();
        _place.Notes.ShouldContain(note => note.Contains("VmDown", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_guest_whose_owner_was_killed_is_ended_by_the_next_start()
    {
        using var owner = await GuestOwner.StartAsync(_place);
        var orphan = (await _place.ListAsync()).ShouldHaveSingleItem();
        await owner.KillAsync();
        (await _place.ListAsync()).ShouldHaveSingleItem().User.ShouldBeNull();

        await using var guest = Guest();
        await guest.StartAsync(CancellationToken.None);

        _place.Notes.ShouldContain(note => note.Contains("Ending the guest embedded", StringComparison.Ordinal));
        (await _place.ListAsync()).ShouldHaveSingleItem().Started.ShouldNotBe(orphan.Started);
    }

    [Fact]
    public async Task A_guest_whose_owner_lives_is_left_alone()
    {
        using var owner = await GuestOwner.StartAsync(_place);

        await GuestFactory.EndOrphansAsync(_place.Site, CancellationToken.None);

        (await _place.ListAsync()).ShouldHaveSingleItem().User.ShouldNotBeNull();
        await owner.EndAsync();
        (await _place.ListAsync()).ShouldBeEmpty();
    }

    private Task<GuestCondition> LookAsync() => GuestFactory.LookAsync(GuestPlace.Embedded, _place.Site, CancellationToken.None);

    private IGuest Guest() => GuestFactory.Create(GuestPlace.Embedded, _place.Site);

    private async Task<GuestEndpoint> StartKeptAsync()
    {
        await using var guest = Guest();
        var endpoint = await guest.StartAsync(CancellationToken.None);
        ((IKeepable)guest).Keep();
        return endpoint;
    }
}
