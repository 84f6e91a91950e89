using KextDev.Guests;
using KextDev.Guests.Vmware;

namespace KextDev.Tests.Guests.Vmware;

/// <summary>Which machines a guest ends, by a vmrun that writes down its verbs and says what it is told to.</summary>
public sealed class VmwareGuestTests : IDisposable
{
    private const string Refused = "echo 'Error: Insufficient permissions in the host operating system'; exit 255";

    private readonly TemporaryFolder _folder = new();

    public VmwareGuestTests()
    {
        _folder.Write("box.vmx", "displayName = \"box\"\n");
        File.CreateSymbolicLink(_folder.Combine("vmrun"), Path.Combine(Repository.Root, "tests", "KextDev.Tests", "Guests", "Vmware", "vmrun.sh"));
    }

    private string Verbs => _folder.Combine("verbs");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(", \"snapshot\": \"clean\"")]
    public async Task A_machine_of_which_is_not_known_whether_it_runs_is_left_alone(string keys)
    {
        await using (var guest = Guest("list", Refused, keys))
        {
            await Should.ThrowAsync<VmrunException>(guest.StartAsync(CancellationToken.None));
            await Should.ThrowAsync<VmrunException>(((ISnapshots)guest).RestoreSnapshotAsync("clean", CancellationToken.None));
        }

        File.ReadAllLines(Verbs).ShouldBe(["list", "list"]);
        ShouldBeFree();
    }

    [Theory]
    [InlineData("")]
    [InlineData(", \"snapshot\": \"clean\"")]
    public async Task A_start_that_is_cancelled_before_that_is_known_leaves_it_alone(string keys)
    {
        using var cancel = new CancellationTokenSource();
        await using (var guest = Guest("list", "exec sleep 600", keys))
        {
            var starting = guest.StartAsync(cancel.Token);
            while (!File.Exists(Verbs))
            {
                starting.IsCompleted.ShouldBeFalse();
            }

            await cancel.CancelAsync();

            await Should.ThrowAsync<OperationCanceledException>(starting);
        }

        File.ReadAllLines(Verbs).ShouldBe(["list"]);
        ShouldBeFree();
    }

    [Fact]
    public async Task A_machine_whose_start_failed_is_ended()
    {
        await using (var guest = Guest("start", Refused))
        {
            await Should.ThrowAsync<VmrunException>(guest.StartAsync(CancellationToken.None));
        }

        File.ReadAllLines(Verbs).ShouldBe(["list", "start", "stop"]);
        ShouldBeFree();
    }

    [Fact]
    public async Task A_machine_that_can_not_be_ended_is_free_again()
    {
        await using (var guest = Guest("st*", Refused))
        {
            await Should.ThrowAsync<VmrunException>(guest.StartAsync(CancellationToken.None));
        }

        ShouldBeFree();
    }

    /// <param name="verb">The verb whose call does something else than to succeed; a pattern of the shell.</param>
    private IGuest Guest(string verb, string does, string keys = "")
    {
        _folder.Write("script", $"echo \"$3\" >>\"$folder/verbs\"\ncase $3 in {verb}) {does};; esac\necho 'Total running VMs: 0'\n");
        var definition = _folder.Write(
            "box.json",
            $$"""{ "driver": "vmware", "platform": "linux", "recipe": "debian-cloud", "vmx": "box.vmx", "vmrun": "{{_folder.Combine("vmrun")}}"{{keys}} }""");
        return GuestFactory.Create(GuestDefinition.Read(definition), new GuestSite(new StateFolder(_folder.Combine("state")), _ => { }));
    }

    private void ShouldBeFree() => FolderLock.FindHolder(Path.Combine(new StateFolder(_folder.Combine("state")).Guests, "box")).ShouldBeNull();
}
