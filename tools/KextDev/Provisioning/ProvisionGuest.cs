using KextDev.Guests;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Provisioning;

/// <summary>
/// Makes a machine a guest for tests: runs the script of its system as root, and once more to see that nothing is left to change; then saves the machine.
/// The first contact may take a password; from then on the key lets in.
/// </summary>
public sealed class ProvisionGuest(ProvisionOptions options, GuestSite site)
{
    private const string CleanSnapshot = "clean";
    private const string KitFolder = "/var/tmp/kextdev-kit";

    private readonly LoginPassword _password = new(site);

    /// <exception cref="InfrastructureException">The guest is made by KextDev itself, does not answer, or lets nobody in.</exception>
    public async Task<ProvisionReport> RunAsync(GuestDefinition definition, CancellationToken cancellationToken)
    {
        if (definition.Recipe is not null)
        {
            throw new InfrastructureException($"The guest {definition.Name} needs no setting up: its system is made by KextDev, with all that a test takes. VmProvision is for systems that somebody installed.");
        }

        await using var guest = GuestFactory.Create(definition with { Snapshot = null }, site);
        var snapshot = definition.Snapshot ?? CleanSnapshot;
        var exists = guest is ISnapshots known && (await known.ListSnapshotsAsync(cancellationToken)).Contains(snapshot);
        var endpoint = exists && await GoesBackAsync(definition, cancellationToken)
            ? await ((ISnapshots)guest).RestoreSnapshotAsync(snapshot, cancellationToken)
            : await guest.StartAsync(cancellationToken);
        var script = await ReadScriptAsync(definition.Platform, cancellationToken);
        var login = options.Login ?? definition.User;
        var first = await ApplyAsync(definition, endpoint, login, script, cancellationToken);
        if (first.Any(step => step.Outcome == ProvisionOutcome.Failed))
        {
            return new ProvisionReport(first, []);
        }

        // A second run, over the key: what it changes was not changed for good. A first run that changed nothing has shown as much.
        var again = first.All(step => step.Outcome == ProvisionOutcome.Done)
            ? first
            : await RunScriptAsync(definition, endpoint, script, Arguments(definition, endpoint, login, Kit), cancellationToken);
        var report = new ProvisionReport(first, [.. again.Where(step => step.Outcome != ProvisionOutcome.Done)]);
        return (report.Succeeded, guest) switch
        {
            (true, ISnapshots) when exists => TellOf(snapshot, report),
            (true, ISnapshots snapshots) => await SaveAsync(snapshots, snapshot, report, cancellationToken),
            _ => report,
        };
    }

    // As each of its runs does: what happened since is lost then. A machine that runs is somebody's, and stays as it is.
    private async Task<bool> GoesBackAsync(GuestDefinition definition, CancellationToken cancellationToken) =>
        definition.Snapshot is not null && (await GuestFactory.LookAsync(definition, site, cancellationToken)).Power == GuestPower.Off;

    private string? Kit => options.DebugKit is { } kit ? $"{KitFolder}/{Path.GetFileName(kit)}" : null;

    private async Task<IReadOnlyList<ProvisionStep>> ApplyAsync(
        GuestDefinition definition, GuestEndpoint endpoint, string login, string script, CancellationToken cancellationToken)
    {
        IReadOnlyList<ProvisionStep> byPassword = [];
        if (!await RootScript.TakesKeyAsync(endpoint, cancellationToken))
        {
            site.Note($"The guest {definition.Name} does not know the key yet: {login} logs in with a password this once.");
            byPassword = await RunScriptAsync(definition, endpoint with { User = login }, script, Arguments(definition, endpoint, login, kit: null), cancellationToken);
            if (Kit is null || byPassword.Any(step => step.Outcome == ProvisionOutcome.Failed))
            {
                return byPassword;
            }
        }

        await UploadKitAsync(endpoint, cancellationToken);
        var byKey = await RunScriptAsync(definition, endpoint, script, Arguments(definition, endpoint, login, Kit), cancellationToken);
        return [.. byKey.Select(step => step.Outcome == ProvisionOutcome.Done ? byPassword.FirstOrDefault(earlier => earlier.Name == step.Name) ?? step : step)];
    }

    private async Task<IReadOnlyList<ProvisionStep>> RunScriptAsync(
        GuestDefinition definition, GuestEndpoint endpoint, string script, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var password = RootScript.IsRoot(endpoint) && await RootScript.TakesKeyAsync(endpoint, cancellationToken) ? null : _password.Of(endpoint.User, definition.Name);
        var result = await RootScript.RunAsync(endpoint, password, script, arguments, cancellationToken);
        var steps = ProvisionStep.ReadAll(result.Output);
        return steps.Count > 0 && result.ExitCode is 0 or 1
            ? steps
            : throw new InfrastructureException(
                $"The guest {definition.Name} was not set up: its script ended with exit code {result.ExitCode} for {endpoint.User}: {Words(result)} "
                + "A user other than root must be allowed to use sudo (macOS: an administrator), and the password must be that user's.");
    }

    private List<string> Arguments(GuestDefinition definition, GuestEndpoint endpoint, string login, string? kit)
    {
        List<string> arguments = ["--user", endpoint.User, "--key", PublicKeyOf(endpoint.PrivateKeyFile), "--sudo", login];
        if (options.Hostname is { } hostname)
        {
            arguments.AddRange(["--hostname", hostname]);
        }

        if (kit is not null)
        {
            arguments.AddRange(["--kdk", kit]);
        }

        if (definition.Driver == GuestDriver.Vmware)
        {
            arguments.Add("--vmware");
        }

        return arguments;
    }

    // Hundreds of megabytes: once. Of another kit with the name the size is another.
    private async Task UploadKitAsync(GuestEndpoint endpoint, CancellationToken cancellationToken)
    {
        if (options.DebugKit is not { } kit)
        {
            return;
        }

        await using var shell = await GuestShell.ConnectAsync(endpoint, cancellationToken);
        var size = await shell.RunAsync($"wc -c <{ShellWord.Quote(Kit!)}", cancellationToken);
        if (size.Output.Trim() != $"{new FileInfo(kit).Length}")
        {
            site.Note($"Copying {kit} into the guest.");
            await shell.UploadAsync(kit, Kit!, UnixFileMode.UserRead | UnixFileMode.UserWrite, cancellationToken);
        }
    }

    // The guest is set up, saved or not.
    private static async Task<ProvisionReport> SaveAsync(ISnapshots guest, string name, ProvisionReport report, CancellationToken cancellationToken)
    {
        try
        {
            await guest.TakeSnapshotAsync(name, cancellationToken);
            return report with { Snapshot = name };
        }
        catch (InfrastructureException exception)
        {
            return report with { SnapshotProblem = $"It was not saved: {exception.Message}" };
        }
    }

    private static ProvisionReport TellOf(string snapshot, ProvisionReport report) => report.ChangedSomething
        ? report with { SnapshotProblem = $"Its snapshot {snapshot} was taken before these changes: delete it in VMware, then save it anew by ./build.sh VmSnapshot --snapshot {snapshot}." }
        : report with { Snapshot = snapshot };

    private async Task<string> ReadScriptAsync(GuestPlatform platform, CancellationToken cancellationToken)
    {
        var name = platform == GuestPlatform.Darwin ? "darwin.sh" : "linux.sh";
        var common = await File.ReadAllTextAsync(Path.Combine(options.Scripts, "steps.sh"), cancellationToken);
        return common + await File.ReadAllTextAsync(Path.Combine(options.Scripts, name), cancellationToken);
    }

    private static string PublicKeyOf(string privateKey)
    {
        var file = privateKey + ".pub";
        return File.Exists(file)
            ? string.Join(' ', File.ReadAllText(file).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Take(2)) + " kextdev"
            : throw new InfrastructureException($"The key cannot be made known to the guest: {file} does not exist. Make it: ssh-keygen -y -f {privateKey} > {file}");
    }

    private static string Words(CommandResult result)
    {
        var text = string.Concat($"{result.Error} {result.Output}".Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return text.Length switch { 0 => "it said nothing.", > 500 => text[..500] + "...", _ => text };
    }
}

/// <param name="Scripts">The folder with the scripts: vm/provision.</param>
/// <param name="Login">Who logs in while the guest does not know the key; the guest's user when null.</param>
/// <param name="Hostname">What the machine is to be called; null leaves it its name.</param>
/// <param name="DebugKit">The Kernel Debug Kit to install: a .dmg or .pkg on this host.</param>
public sealed record ProvisionOptions(string Scripts, string? Login = null, string? Hostname = null, string? DebugKit = null);

/// <param name="Steps">How each ended.</param>
/// <param name="Unsettled">What a second run had to change again, or could not.</param>
public sealed record ProvisionReport(IReadOnlyList<ProvisionStep> Steps, IReadOnlyList<ProvisionStep> Unsettled)
{
    /// <summary>The snapshot that has the guest as it is now; null where the driver takes none, or something failed.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Why there is no such snapshot, of a driver that takes some.</summary>
    public string? SnapshotProblem { get; init; }

    public bool ChangedSomething => Steps.Any(step => step.Outcome == ProvisionOutcome.Changed);

    public bool Succeeded => Unsettled.Count == 0 && Steps.All(step => step.Outcome != ProvisionOutcome.Failed);
}
