using KextDev.Processes;

namespace KextDev.Guests.Vmware;

/// <summary>One virtual machine, driven by VMware's vmrun.</summary>
/// <remarks>vmrun can hang: every call ends within a time limit of its kind.</remarks>
/// <param name="vmx">Full path of the machine's .vmx file.</param>
/// <param name="clock">Measures the time limits.</param>
public sealed class Vmrun(VmrunProgram program, string vmx, VmwarePasswords passwords, TimeProvider clock)
{
    /// <summary>Of calls that ask something.</summary>
    public static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(30);

    /// <summary>Of calls that move a machine's state to or from its disk.</summary>
    public static readonly TimeSpan StateLimit = TimeSpan.FromMinutes(5);

    /// <summary>Of a clone, which may copy disks.</summary>
    public static readonly TimeSpan CloneLimit = TimeSpan.FromMinutes(30);

    /// <summary>How long a guest's system gets to shut down before it is switched off.</summary>
    public static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(60);

    /// <summary>Of links that lead to links: the system's own limit.</summary>
    private const int MostLinks = 40;

    public VmrunProgram Program => program;

    public string Vmx => vmx;

    /// <exception cref="InfrastructureException">There is no vmrun.</exception>
    public static Vmrun Of(GuestDefinition definition, GuestSite site) =>
        new(VmrunProgram.Find(definition.VmrunFile, definition.Product), definition.VmxFile, new VmwarePasswords(site.AskSecret), site.Clock);

    /// <summary>The .vmx files of all machines that run on this host for this user, with links resolved.</summary>
    public async Task<IReadOnlyList<string>> ListRunningAsync(CancellationToken cancellationToken)
    {
        // "Total running VMs: 1", then a path a line.
        var output = await RunAsync(new VmrunCall("list") { NamesMachine = false }, cancellationToken);
        return [.. Lines(output).Skip(1)];
    }

    public async Task<bool> IsRunningAsync(CancellationToken cancellationToken)
    {
        var running = await ListRunningAsync(cancellationToken);
        var comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        return running.Any(path => string.Equals(Resolve(path), Resolve(vmx), comparison));
    }

    /// <summary>Without a window.</summary>
    public Task StartAsync(CancellationToken cancellationToken) =>
        RunAsync(new VmrunCall("start", "nogui") { Limit = StateLimit }, cancellationToken);

    /// <summary>Asks the guest's system to shut down; switches the machine off when that fails or takes too long. No error when it does not run.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(new VmrunCall("stop", "soft") { Limit = ShutdownLimit }, cancellationToken);
            return;
        }
        catch (VmrunException exception) when (exception.Failure == VmrunFailure.NotRunning)
        {
            return;
        }
        catch (VmrunException)
        {
            // Without VMware Tools, or with a kernel that hangs, nobody in the guest can answer.
        }

        await SwitchOffAsync(cancellationToken);
    }

    /// <summary>As if its plug was pulled. No error when it does not run.</summary>
    public async Task SwitchOffAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(new VmrunCall("stop", "hard") { Limit = StateLimit }, cancellationToken);
        }
        catch (VmrunException exception) when (exception.Failure == VmrunFailure.NotRunning)
        {
            // As it should be.
        }
    }

    public Task SuspendAsync(CancellationToken cancellationToken) =>
        RunAsync(new VmrunCall("suspend", "hard") { Limit = StateLimit }, cancellationToken);

    public async Task<IReadOnlyList<string>> ListSnapshotsAsync(CancellationToken cancellationToken)
    {
        // "Total snapshots: 1", then a name a line.
        var output = await RunAsync(new VmrunCall("listSnapshots"), cancellationToken);
        return [.. Lines(output).Skip(1)];
    }

    public Task TakeSnapshotAsync(string name, CancellationToken cancellationToken) =>
        RunAsync(new VmrunCall("snapshot", name) { Limit = StateLimit }, cancellationToken);

    /// <summary>The machine is off or suspended afterwards, as it was when the snapshot was taken; it takes a start.</summary>
    public Task RevertToSnapshotAsync(string name, CancellationToken cancellationToken) =>
        RunAsync(new VmrunCall("revertToSnapshot", name) { Limit = StateLimit }, cancellationToken);

    /// <summary>Makes a machine that keeps only what differs from this one.</summary>
    /// <param name="target">Path of the clone's .vmx file; its folder is made.</param>
    /// <param name="snapshot">What it starts from, taken while the machine was off; null is the state as it is, of a machine that is off.</param>
    public Task CloneLinkedAsync(string target, string? snapshot, CancellationToken cancellationToken)
    {
        string[] arguments = snapshot is null ? [target, "linked"] : [target, "linked", $"-snapshot={snapshot}"];
        return RunAsync(
            new VmrunCall("clone", [.. arguments, $"-cloneName={Path.GetFileNameWithoutExtension(target)}"]) { Limit = CloneLimit }, cancellationToken);
    }

    /// <summary>Deletes the machine, which must be off, with its disks and snapshots.</summary>
    public Task DeleteAsync(CancellationToken cancellationToken) => RunAsync(new VmrunCall("deleteVM") { Limit = StateLimit }, cancellationToken);

    /// <summary>What VMware Tools report of the guest; waits for them up to the limit.</summary>
    /// <exception cref="VmrunException">None was told in time, or one that cannot be the guest's.</exception>
    public async Task<string> GetAddressAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        // Without -wait a start without a window was seen to fail at once.
        var output = await RunAsync(new VmrunCall("getGuestIPAddress", "-wait") { Limit = limit }, cancellationToken);
        var address = output.Trim();
        return GuestAddress.Objection(address) is { } objection
            ? throw new VmrunException(VmrunFailure.NoAddress, $"VMware's address of the guest {vmx} is not used: {objection}")
            : address;
    }

    public async Task<ToolsState> CheckToolsAsync(CancellationToken cancellationToken)
    {
        var output = await RunAsync(new VmrunCall("checkToolsState"), cancellationToken);
        return output.Trim() switch
        {
            "running" => ToolsState.Running,
            "installed" => ToolsState.Installed,
            _ => ToolsState.Unknown,
        };
    }

    /// <summary>Saves what the guest's screen shows as a PNG.</summary>
    /// <param name="user">Of the guest's system; VMware asks for one.</param>
    public Task CaptureScreenAsync(string user, string pngFile, CancellationToken cancellationToken) =>
        RunAsync(new VmrunCall("captureScreen", pngFile) { GuestUser = user }, cancellationToken);

    private static string[] Lines(string output) =>
        output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static string Resolve(string path) => File.Exists(path) ? ResolveLinks(Path.GetFullPath(path), MostLinks) : path;

    // Each folder on the way may be a link, and so may what a link leads through.
    private static string ResolveLinks(string path, int most)
    {
        if (Path.GetDirectoryName(path) is not { } folder)
        {
            return path;
        }

        folder = ResolveLinks(folder, most);
        var plain = Path.Combine(folder, Path.GetFileName(path));
        return most > 0 && new FileInfo(plain).LinkTarget is { } target ? ResolveLinks(Path.GetFullPath(target, folder), most - 1) : plain;
    }

    private async Task<string> RunAsync(VmrunCall call, CancellationToken cancellationToken)
    {
        var command = ToCommand(call);
        using var limit = new CancellationTokenSource(call.Limit, clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        CommandResult result;
        try
        {
            result = await command.TryRunAsync(ends.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new VmrunException(
                VmrunFailure.TimedOut,
                $"vmrun did not end within {call.Limit.TotalSeconds:0} s and was killed: {command}. "
                + "VMware may wait for an answer in a window: open the machine there, or set msg.autoAnswer = \"TRUE\" in its .vmx file.",
                exception);
        }
        catch (HostCommandException exception)
        {
            throw new VmrunException(VmrunFailure.NotStarted, exception.Message, exception);
        }

        return VmrunErrors.Find(result.ExitCode, result.Output, result.Error) is var (failure, words, wayOut)
            ? throw new VmrunException(failure, command.Mask($"vmrun {call.Verb} failed for {vmx}: {words.TrimEnd('.')}. {wayOut}\n  command: {command}"))
            : result.Output;
    }

    // Flags first, the machine right after the verb.
    private HostCommand ToCommand(VmrunCall call)
    {
        var arguments = new List<string> { "-T", program.Type };
        var secrets = new List<string>();
        if (call.NamesMachine && passwords.OfMachine(VmxFile.Read(vmx), vmx) is { } machinePassword)
        {
            arguments.AddRange(["-vp", machinePassword]);
            secrets.Add(machinePassword);
        }

        if (call.GuestUser is { } user)
        {
            var guestPassword = passwords.OfGuestUser(user, vmx);
            arguments.AddRange(["-gu", user, "-gp", guestPassword]);
            secrets.Add(guestPassword);
        }

        arguments.Add(call.Verb);
        if (call.NamesMachine)
        {
            arguments.Add(vmx);
        }

        return new HostCommand(program.Path, [.. arguments, .. call.Arguments]) { Secrets = secrets };
    }
}

/// <summary>What vmrun is asked for.</summary>
internal sealed record VmrunCall(string Verb, params IReadOnlyList<string> Arguments)
{
    public TimeSpan Limit { get; init; } = Vmrun.AskLimit;

    public bool NamesMachine { get; init; } = true;

    /// <summary>Set for calls that VMware does as a user of the guest's system.</summary>
    public string? GuestUser { get; init; }
}

/// <summary>Of VMware Tools in the guest.</summary>
public enum ToolsState
{
    Unknown,

    /// <summary>But not running, as while the guest boots.</summary>
    Installed,
    Running,
}
