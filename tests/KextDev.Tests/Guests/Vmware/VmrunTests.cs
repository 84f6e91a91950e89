using KextDev.Guests.Vmware;

namespace KextDev.Tests.Guests.Vmware;

/// <summary>How vmrun is called and what is made of its words, by a program that writes down its arguments and says what it is told to.</summary>
public sealed class VmrunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _vmx;

    public VmrunTests() => _vmx = _folder.Write("box.vmx", "displayName = \"box\"\n");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Flags_come_first_and_the_machine_follows_the_verb()
    {
        var vmrun = Make("echo");

        await vmrun.StartAsync(CancellationToken.None);
        Arguments().ShouldBe(["-T", "ws", "start", _vmx, "nogui"]);

        await vmrun.ListRunningAsync(CancellationToken.None);
        Arguments().ShouldBe(["-T", "ws", "list"]);

        await vmrun.CloneLinkedAsync("/vm/a b/a b.vmx", "clean", CancellationToken.None);
        Arguments().ShouldBe(["-T", "ws", "clone", _vmx, "/vm/a b/a b.vmx", "linked", "-snapshot=clean", "-cloneName=a b"]);
    }

    [Fact]
    public async Task Lists_are_read_with_the_line_ends_of_any_system()
    {
        (await Make(@"printf 'Total snapshots: 2\r\nclean\r\nwith tools\r\n'").ListSnapshotsAsync(CancellationToken.None)).ShouldBe(["clean", "with tools"]);
        (await Make("echo 'Total running VMs: 0'").ListRunningAsync(CancellationToken.None)).ShouldBeEmpty();
        (await Make($"printf 'Total running VMs: 1\\n{_vmx}\\n'").IsRunningAsync(CancellationToken.None)).ShouldBeTrue();
        (await Make("printf 'Total running VMs: 1\\n/other.vmx\\n'").IsRunningAsync(CancellationToken.None)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("elsewhere")]
    [InlineData("./elsewhere/../elsewhere")]
    [InlineData("again")]
    public async Task A_machine_that_runs_is_known_by_a_path_through_linked_folders(string target)
    {
        var real = _folder.Write("elsewhere/vm/box.vmx", "displayName = \"box\"\n");
        Directory.CreateSymbolicLink(_folder.Combine("again"), _folder.Combine("elsewhere"));
        Directory.CreateSymbolicLink(_folder.Combine("home"), target);
        Directory.CreateSymbolicLink(_folder.Combine("elsewhere/vms"), "vm");

        var linked = Make($"printf 'Total running VMs: 1\\n{real}\\n'", vmx: _folder.Combine("home/vms/box.vmx"));
        (await linked.IsRunningAsync(CancellationToken.None)).ShouldBeTrue();

        var other = Make($"printf 'Total running VMs: 1\\n{real}\\n'", vmx: _vmx);
        (await other.IsRunningAsync(CancellationToken.None)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("The virtual machine is not powered on: /vm/box.vmx", VmrunFailure.NotRunning, "VmUp")]
    [InlineData("Cannot open VM: /vm/box.vmx, The virtual machine cannot be found", VmrunFailure.NoSuchMachine, "\"vmx\"")]
    [InlineData("Cannot open VM: /vm/box.vmx, Incorrect password", VmrunFailure.WrongMachinePassword, VmwarePasswords.MachineVariable)]
    [InlineData("Cannot open VM: /vm/box.vmx, unknown file suffix", VmrunFailure.NotAMachine, ".vmwarevm")]
    [InlineData("The VMware Tools are not running in the virtual machine: /vm/box.vmx", VmrunFailure.NoTools, "Install VMware Tools")]
    [InlineData("The snapshot does not exist", VmrunFailure.NoSuchSnapshot, "\"snapshot\"")]
    [InlineData("Invalid snapshot name 'x'", VmrunFailure.NoSuchSnapshot, "\"snapshot\"")]
    [InlineData("A snapshot with the name already exists", VmrunFailure.SnapshotExists, "another name")]
    [InlineData("Insufficient permissions in the host operating system", VmrunFailure.NoHostPermission, "another user")]
    [InlineData("Invalid user name or password for the guest OS", VmrunFailure.WrongGuestPassword, VmwarePasswords.GuestVariable)]
    [InlineData("The operation is not supported", VmrunFailure.NotSupported, "Player")]
    [InlineData("Unable to get the IP address", VmrunFailure.NoAddress, "network")]
    [InlineData("The moon is full", VmrunFailure.Unknown, "not known to KextDev")]
    public async Task An_error_is_one_whatever_the_exit_code(string words, VmrunFailure expected, string wayOut)
    {
        foreach (var exitCode in new[] { 0, 255 })
        {
            var exception = await Should.ThrowAsync<VmrunException>(
                Make($"echo \"Error: {words.Replace("\"", "\\\"")}\"; exit {exitCode}").SuspendAsync(CancellationToken.None));

            exception.Failure.ShouldBe(expected);
            exception.Message.ShouldContain(words);
            exception.Message.ShouldContain(wayOut);
            exception.Message.ShouldContain("suspend");
        }
    }

    [Fact]
    public async Task A_failure_without_words_is_told_by_its_exit_code()
    {
        var exception = await Should.ThrowAsync<VmrunException>(Make("exit 255").SuspendAsync(CancellationToken.None));

        exception.Failure.ShouldBe(VmrunFailure.Unknown);
        exception.Message.ShouldContain("exit code was 255");
    }

    [Fact]
    public async Task A_call_that_hangs_is_killed_at_its_limit()
    {
        var clock = new ExpiringClock();
        var started = _folder.Combine("started");
        var call = Make($"echo $$ >'{started}.new'; mv '{started}.new' '{started}'; exec sleep 600", clock: clock).SuspendAsync(CancellationToken.None);
        while (!File.Exists(started))
        {
            call.IsCompleted.ShouldBeFalse();
        }

        clock.Expire();

        var exception = await Should.ThrowAsync<VmrunException>(call);
        exception.Failure.ShouldBe(VmrunFailure.TimedOut);
        exception.Message.ShouldContain($"within {Vmrun.StateLimit.TotalSeconds:0} s");
        Directory.Exists($"/proc/{File.ReadAllText(started).Trim()}").ShouldBeFalse();
    }

    [Fact]
    public async Task A_cancelled_call_is_cancelled() =>
        await Should.ThrowAsync<OperationCanceledException>(Make("exec sleep 600").SuspendAsync(new CancellationToken(canceled: true)));

    [Fact]
    public async Task A_machine_that_does_not_shut_down_is_switched_off()
    {
        await Make("""case "$*" in *soft) echo 'Error: The VMware Tools are not running in the virtual machine: x'; exit 255;; esac""")
            .StopAsync(CancellationToken.None);
        Arguments().ShouldBe(["-T", "ws", "stop", _vmx, "hard"]);

        await Make("echo 'Error: The virtual machine is not powered on: x'; exit 255").StopAsync(CancellationToken.None);
        Arguments().ShouldBe(["-T", "ws", "stop", _vmx, "soft"]);
    }

    [Fact]
    public async Task An_address_that_is_the_hosts_is_refused()
    {
        (await Make("echo 192.168.8.131").GetAddressAsync(Vmrun.AskLimit, CancellationToken.None)).ShouldBe("192.168.8.131");
        Arguments().ShouldBe(["-T", "ws", "getGuestIPAddress", _vmx, "-wait"]);

        var exception = await Should.ThrowAsync<VmrunException>(Make("echo 192.168.8.1").GetAddressAsync(Vmrun.AskLimit, CancellationToken.None));
        exception.Message.ShouldContain("ends in .1");
    }

    [Theory]
    [InlineData("running", ToolsState.Running)]
    [InlineData("installed", ToolsState.Installed)]
    [InlineData("unknown", ToolsState.Unknown)]
    public async Task Tells_the_state_of_the_tools(string word, ToolsState expected) =>
        (await Make($"echo {word}").CheckToolsAsync(CancellationToken.None)).ShouldBe(expected);

    [Fact]
    public async Task Passwords_go_to_the_calls_that_need_them_and_into_no_message()
    {
        File.AppendAllText(_vmx, "encryption.keySafe = \"vmware:key/list\"\n");
        var asked = new List<string>();
        string Ask(string question)
        {
            asked.Add(question);
            return asked.Count == 1 ? "s3cret m" : "s3cret g";
        }

        var vmrun = Make("echo \"Error: The moon dislikes $*\"", Ask);
        var exception = await Should.ThrowAsync<VmrunException>(vmrun.CaptureScreenAsync("root", "/tmp/x.png", CancellationToken.None));

        Arguments().ShouldBe(["-T", "ws", "-vp", "s3cret m", "-gu", "root", "-gp", "s3cret g", "captureScreen", _vmx, "/tmp/x.png"]);
        asked.Count.ShouldBe(2);
        exception.ToString().ShouldNotContain("s3cret");
        exception.Message.ShouldContain("-vp '****'");

        await Should.ThrowAsync<VmrunException>(vmrun.SuspendAsync(CancellationToken.None));
        Arguments().ShouldBe(["-T", "ws", "-vp", "s3cret m", "suspend", _vmx, "hard"]);
        await Should.ThrowAsync<VmrunException>(vmrun.ListRunningAsync(CancellationToken.None));
        Arguments().ShouldBe(["-T", "ws", "list"]);
        asked.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_password_that_nobody_gives_is_asked_for_by_its_variable()
    {
        File.AppendAllText(_vmx, "encryption.data = \"abc\"\n");

        var exception = await Should.ThrowAsync<InfrastructureException>(Make("echo").StartAsync(CancellationToken.None));

        exception.Message.ShouldContain(VmwarePasswords.MachineVariable);
    }

    [Fact]
    public async Task A_vmrun_that_cannot_be_started_is_told_without_the_password()
    {
        File.AppendAllText(_vmx, "encryption.data = \"abc\"\n");
        var program = new VmrunProgram(_folder.Write("no-program", "text"), VmwareProduct.Fusion);
        var vmrun = new Vmrun(program, _vmx, new VmwarePasswords(_ => "s3cret"), TimeProvider.System);

        var exception = await Should.ThrowAsync<VmrunException>(vmrun.StartAsync(CancellationToken.None));

        exception.Failure.ShouldBe(VmrunFailure.NotStarted);
        exception.ToString().ShouldNotContain("s3cret");
    }

    [Fact]
    public void Is_found_by_a_given_path_or_told_where_it_was_looked_for()
    {
        var path = _folder.Write("bin/vmrun", "");
        VmrunProgram.Find(path, product: null).ShouldBe(new VmrunProgram(path, VmwareProduct.Workstation));
        VmrunProgram.Find(path, VmwareProduct.Fusion).Type.ShouldBe("fusion");
        _folder.Write("bin/vmplayer", "");
        VmrunProgram.Find(path, product: null).Type.ShouldBe("player");

        Should.Throw<InfrastructureException>(() => VmrunProgram.Find(_folder.Combine("none"), product: null)).Message.ShouldContain("none does not exist");
    }

    private Vmrun Make(string script, Func<string, string?>? ask = null, TimeProvider? clock = null, string? vmx = null)
    {
        _folder.Write("script", script);
        var path = _folder.Combine("vmrun");
        if (!File.Exists(path))
        {
            File.CreateSymbolicLink(path, Path.Combine(Repository.Root, "tests", "KextDev.Tests", "Guests", "Vmware", "vmrun.sh"));
        }

        return new Vmrun(new VmrunProgram(path, VmwareProduct.Workstation), vmx ?? _vmx, new VmwarePasswords(ask), clock ?? TimeProvider.System);
    }

    private string[] Arguments() => File.ReadAllLines(_folder.Combine("arguments"));
}
