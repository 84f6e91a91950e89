using KextDev;
using KextDev.Guests;
using KextDev.Provisioning;
using KextDev.Reports;
using KextDev.Shells;
using KextDev.Testing;
using Nuke.Common;
using Serilog;

internal interface IVm : IKernelDeps
{
    Target VmUp => _ => _
        .Description("Boots a guest and keeps it up, so that KernelTest runs need not boot one. By default the Linux guest; --platform darwin, all, or --guest NAME says otherwise.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            foreach (var definition in FindGuestsOrFirst(LoadProject()))
            {
                await using var guest = GuestFactory.Create(definition, Site);
                var endpoint = await guest.StartAsync(token);
                (guest as IKeepable)?.Keep();
                Log.Information(
                    "Guest {Name} is up at {Host}:{Port}. ./build.sh VmShell --guest {Definition} gets in, ./build.sh VmDown ends it",
                    guest.Name, endpoint.Host, endpoint.Port, Guest ?? definition.Name);
            }
        }));

    Target VmDown => _ => _
        .Description("Stops the guests that VmUp keeps, or the one of --platform or --guest.")
        .Executes(() => WorkAsync(async token =>
        {
            foreach (var definition in FindGuests(LoadProject()))
            {
                await using var guest = GuestFactory.Create(definition, Site);
                await guest.StopAsync(token);
                ForgetCrashes(definition);
            }
        }));

    Target VmList => _ => _
        .Description("Shows all guests that vm/ defines: driver, platform, whether they run.")
        .Executes(() => WorkAsync(async token =>
        {
            var rows = new List<IReadOnlyList<string>>();
            foreach (var definition in Definitions)
            {
                var state = await TellStateAsync(definition, token);
                rows.Add([definition.Name, GuestWords.Driver(definition), GuestWords.System(definition), state]);
            }

            GuestTable.Write(["Guest", "Driver", "System", "State"], rows);
        }));

    Target VmStatus => _ => _
        .Description("Shows the guests that run: state, address, who uses them. With --guest one guest alone, with its system: version, SIP, boot-args, snapshots, loaded extensions.")
        .Executes(() => WorkAsync(async token =>
        {
            if (Guest is not null)
            {
                var definition = FindGuests(LoadProject())[0];
                GuestTable.Write(definition, await DescribeGuest.RunAsync(definition, Site, token));
                return;
            }

            var own = await GuestFactory.ListAsync(Site, token);
            var rows = own.Select(guest => GuestWords.Row(guest, DateTimeOffset.UtcNow)).ToList();
            foreach (var definition in Definitions.Where(definition => own.All(guest => guest.Name != definition.Name)))
            {
                if (await LookAsync(definition, token) is { Power: GuestPower.Running } condition)
                {
                    rows.Add(GuestWords.Row(definition, condition));
                }
            }

            if (rows.Count == 0)
            {
                Log.Information("No guest runs. ./build.sh VmUp starts one that stays");
                return;
            }

            GuestTable.Write(["Guest", "State", "Accelerator", "SSH", "Up", "Used by"], rows);
        }));

    Target VmShell => _ => _
        .Description("Opens an interactive shell in a guest that is up: the only one that VmUp keeps, or the one of --platform or --guest.")
        .Executes(() => WorkAsync(async token =>
        {
            var (_, endpoint) = await FindUpAsync(FindGuests(LoadProject()), token);
            ExitCode = await InteractiveShell.Command(endpoint).RunInTerminalAsync(token);
        }));

    // QEMU's machines end for good: the next one is another guest.
    private void ForgetCrashes(GuestDefinition definition)
    {
        if (definition.Driver == GuestDriver.Qemu)
        {
            KnownCrashes.Forget(State, definition.Name);
        }
    }

    private IEnumerable<GuestDefinition> Definitions => GuestDefinition.Names(RootDirectory / "vm").Select(Define);

    // What stands in the way of asking about one guest is no reason to tell nothing of the others.
    private async Task<string> TellStateAsync(GuestDefinition definition, CancellationToken cancellationToken) =>
        await LookAsync(definition, cancellationToken) is { } condition ? GuestWords.State(condition) : "unknown";

    private async Task<GuestCondition?> LookAsync(GuestDefinition definition, CancellationToken cancellationToken)
    {
        try
        {
            return await GuestFactory.LookAsync(definition, Site, cancellationToken);
        }
        catch (InfrastructureException exception)
        {
            Log.Warning("{Guest}: {Message}", definition.Name, PrintableText.Of(exception.Message.Split('\n')));
            return null;
        }
    }
}
