using KextDev.Guests;
using KextDev.Shells;
using Nuke.Common;
using Serilog;
using Spectre.Console;

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
            }
        }));

    Target VmStatus => _ => _
        .Description("Shows the guests that run on this machine for this checkout: state, address, who uses them.")
        .Executes(() => WorkAsync(async token =>
        {
            var guests = await GuestFactory.ListAsync(Site, token);
            if (guests.Count == 0)
            {
                Log.Information("No guest runs. ./build.sh VmUp starts one that stays");
                return;
            }

            var table = new Table().AddColumn("Guest", column => column.NoWrap()).AddColumns("State", "Accelerator").AddColumn("SSH", column => column.NoWrap()).AddColumns("Up", "Used by");
            foreach (var guest in guests)
            {
                var user = guest.User ?? (guest.Kept ? "nobody" : "its run");
                var up = DateTimeOffset.UtcNow - guest.Started;
                table.AddRow(
                    new[] { guest.Name, guest.Condition, guest.Accelerator?.ToString().ToLowerInvariant() ?? "-", $"{guest.Endpoint.Host}:{guest.Endpoint.Port}", up.ToString(@"d\.hh\:mm\:ss"), user }
                        .Select(Markup.Escape).ToArray());
            }

            AnsiConsole.Write(table);
        }));

    Target VmShell => _ => _
        .Description("Opens an interactive shell in the guest that VmUp keeps: the only one that is up, or the one of --platform or --guest.")
        .Executes(() => WorkAsync(async token =>
        {
            var guest = await FindKeptGuestAsync(FindGuests(LoadProject()), token);
            ExitCode = await InteractiveShell.Command(guest.Endpoint).RunInTerminalAsync(token);
        }));
}
