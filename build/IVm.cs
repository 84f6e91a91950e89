using KextDev.Guests;
using KextDev.Shells;
using Nuke.Common;
using Serilog;
using Spectre.Console;

internal interface IVm : IKernelDeps
{
    Target VmUp => _ => _
        .Description("Boots the guest and keeps it up, so that KernelTest runs need not boot one.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var guest = GuestFactory.Create(FindGuest(LoadProject()), Site);
            await using (guest)
            {
                var endpoint = await guest.StartAsync(token);
                (guest as IKeepable)?.Keep();
                Log.Information("Guest {Name} is up at {Host}:{Port}. ./build.sh VmShell gets in, ./build.sh VmDown ends it", guest.Name, endpoint.Host, endpoint.Port);
            }
        }));

    Target VmDown => _ => _
        .Description("Stops the guest that VmUp keeps.")
        .Executes(() => WorkAsync(async token =>
        {
            await using var guest = GuestFactory.Create(FindGuest(LoadProject()), Site);
            await guest.StopAsync(token);
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

            var table = new Table().AddColumns("Guest", "State", "Accelerator").AddColumn("SSH", column => column.NoWrap()).AddColumns("Up", "Used by");
            foreach (var guest in guests)
            {
                var user = guest.User ?? (guest.Kept ? "nobody" : "its run");
                var up = DateTimeOffset.UtcNow - guest.Started;
                table.AddRow(
                    new[] { guest.Name, guest.Condition, guest.Accelerator.ToString().ToLowerInvariant(), $"{guest.Endpoint.Host}:{guest.Endpoint.Port}", up.ToString(@"d\.hh\:mm\:ss"), user }
                        .Select(Markup.Escape).ToArray());
            }

            AnsiConsole.Write(table);
        }));

    Target VmShell => _ => _
        .Description("Opens an interactive shell in the guest that VmUp keeps.")
        .Executes(() => WorkAsync(async token =>
        {
            var guest = await FindKeptGuestAsync(FindGuest(LoadProject()), token);
            ExitCode = await InteractiveShell.Command(guest.Endpoint).RunInTerminalAsync(token);
        }));
}
