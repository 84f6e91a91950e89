using KextDev.Guests;
using KextDev.Guests.Qemu;

namespace KextDev.GuestTests.Guests;

/// <summary>On whatever this host is: without KVM, with one that hangs, or with one that works.</summary>
[Collection(GuestTurns.Name)]
public sealed class KvmProofTests : IDisposable
{
    private readonly GuestPlace _place = new(ownCache: true);

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task A_guest_boots_whatever_KVM_does_and_the_answer_is_remembered()
    {
        var proof = new KvmProof(_place.State.Cache);
        var accelerator = await BootAsync();
        var obstacle = KvmProof.Obstacle();
        var answer = proof.Recall();

        if (obstacle is not null)
        {
            answer.ShouldBeNull();
            accelerator.ShouldBe(Accelerator.Tcg);
            _place.Notes.ShouldContain(note => note.Contains(obstacle, StringComparison.Ordinal));
            return;
        }

        answer.ShouldNotBeNull();
        accelerator.ShouldBe(answer.Failure is null ? Accelerator.Kvm : Accelerator.Tcg);
        _place.Notes.Count(note => note.Contains("KVM", StringComparison.Ordinal)).ShouldBe(answer.Failure is null ? 0 : 1);

        _place.Notes.Clear();
        (await BootAsync()).ShouldBe(accelerator);
        _place.Notes.Count(note => note.Contains("(remembered)", StringComparison.Ordinal)).ShouldBe(answer.Failure is null ? 0 : 1);
    }

    private async Task<Accelerator> BootAsync()
    {
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        await guest.StartAsync(CancellationToken.None);
        return (await _place.ListAsync()).ShouldHaveSingleItem().Accelerator.ShouldNotBeNull();
    }
}
