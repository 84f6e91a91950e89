using KextDev.Guests;

namespace KextDev.GuestTests.Guests;

/// <summary>What every driver keeps to, whatever runs the machine.</summary>
public abstract class GuestContractTests : IAsyncLifetime
{
    private protected GuestPlace Place { get; } = new();

    /// <summary>A definition of a guest that can be started.</summary>
    private protected GuestDefinition Definition { get; set; } = null!;

    /// <summary>The same machine, or one like it, whose SSH server is never reached; with a short limit for its start.</summary>
    private protected GuestDefinition Silent { get; set; } = null!;

    public abstract Task InitializeAsync();

    public virtual Task DisposeAsync()
    {
        Place.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Answers_over_ssh_to_a_user_who_may_load_extensions()
    {
        await using var guest = Guest();

        var endpoint = await guest.StartAsync(CancellationToken.None);

        (await RunAsync(endpoint, "id -u")).ShouldBe("0\n");
        (await guest.StartAsync(CancellationToken.None)).ShouldBe(endpoint);
    }

    [Fact]
    public async Task Knows_the_headers_of_the_kernel_that_runs()
    {
        await using var guest = Guest();
        var endpoint = await guest.StartAsync(CancellationToken.None);

        var tree = await ((IKernelHeaders)guest).GetKernelTreeAsync(CancellationToken.None);

        (await RunAsync(endpoint, "uname -r")).ShouldBe(tree.Release + "\n");
    }

    [Fact]
    public async Task A_kept_guest_outlives_its_starter_and_is_joined()
    {
        GuestEndpoint kept;
        await using (var first = Guest())
        {
            kept = await first.StartAsync(CancellationToken.None);
            ((IKeepable)first).Keep();
        }

        await RunAsync(kept, "touch /tmp/mark");
        await using (var second = Guest())
        {
            (await second.StartAsync(CancellationToken.None)).ShouldBe(kept);
            ((IKeepable)second).Joined.ShouldBeTrue();
        }

        (await RunAsync(kept, "ls /tmp/mark")).ShouldBe("/tmp/mark\n");
        await Guest().StopAsync(CancellationToken.None);
        (await Place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Stopping_what_does_not_run_is_no_error()
    {
        await Guest().StopAsync(CancellationToken.None);
        await Guest().StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_guest_that_is_never_reached_is_told_by_name_and_left_to_nobody()
    {
        await using var guest = GuestFactory.Create(Silent, Place.Site);

        var message = (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message;

        message.ShouldContain(Silent.Name);
        message.ShouldContain($"did not answer within {Silent.StartLimit} s");
        message.ShouldContain("SSH banner");
        (await Place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_cancelled_start_is_cancelled_and_leaves_nothing()
    {
        using var cancel = new CancellationTokenSource();
        await using var guest = GuestFactory.Create(Silent with { StartLimit = 3600 }, Place.Site);
        var starting = guest.StartAsync(cancel.Token);
        await BegunAsync(starting);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(starting);
        (await Place.ListAsync()).ShouldBeEmpty();
    }

    /// <summary>Waits until the machine of a start that does not end runs.</summary>
    private protected abstract Task BegunAsync(Task starting);

    private protected IGuest Guest() => GuestFactory.Create(Definition, Place.Site);

    private protected async Task<string> RunAsync(GuestEndpoint endpoint, string command) =>
        (await Ssh.Command(Place, endpoint, command).RunAsync(CancellationToken.None)).Output;
}

[Collection(GuestTurns.Name)]
public sealed class QemuGuestContractTests : GuestContractTests
{
    public override Task InitializeAsync()
    {
        Definition = GuestPlace.Embedded;
        Silent = Place.WithInit("#!/bin/sh\nexec /bin/busybox sleep 1000\n") with { StartLimit = 3 };
        return Task.CompletedTask;
    }

    public override async Task DisposeAsync()
    {
        await GuestFactory.Create(GuestPlace.Embedded, Place.Site).StopAsync(CancellationToken.None);
        await base.DisposeAsync();
    }

    private protected override async Task BegunAsync(Task starting)
    {
        while ((await Place.ListAsync()).Count == 0)
        {
            starting.IsCompleted.ShouldBeFalse();
        }
    }
}
