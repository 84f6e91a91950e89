using System.Net;
using System.Net.Sockets;
using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Guests.Vmware;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Guests.Vmware;
using KextDev.GuestTests.Testing;
using KextDev.Projects;

namespace KextDev.GuestTests.Debugging;

/// <summary>A real lldb on the kernel of a VMware machine, by the gdb stub that its .vmx file switches on.</summary>
[Collection(GuestTurns.Name)]
public sealed class VmwareDebugTests
{
    [Fact]
    public async Task Halts_a_running_kernel_by_the_machines_stub_and_lets_it_run_on()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var project = new SampleProject(""" "name": "passes", "timeLimit": 30 """);
        var machine = await StandInMachine.CreateAsync(project.Place, GuestPlace.Embedded);
        try
        {
            machine.Change(VmxChange.DebugStub(FreePort()));
            await using var guest = GuestFactory.Create(machine.Define(), project.Place.Site);
            var endpoint = await guest.StartAsync(limit.Token);
            ((IKeepable)guest).Keep();
            await guest.DisposeAsync();
            var commands = Path.Combine(project.RunFolder, "commands.lldb");
            await File.WriteAllTextAsync(commands, "image lookup --verbose --name sample_init\nregister read rip\nbreakpoint list\n", limit.Token);
            await using (var journal = new RunJournal(TimeProvider.System, []))
            await using (var session = await DebugSession.OpenAsync(
                new KernelDebugOptions
                {
                    Project = Project.Load(project.Folder),
                    Guest = machine.Define(),
                    State = project.Place.State,
                    Folder = project.RunFolder,
                    Commands = commands,
                    Batch = true,
                },
                journal,
                limit.Token))
            {
                var said = await session.Debugger.RunAsync(limit.Token);

                said.Output.ShouldMatch("rip = 0x[0-9a-f]{16}");
                said.Output.ShouldContain("sample.ko");
            }

            await using var shell = await KextDev.Shells.GuestShell.ConnectAsync(endpoint, limit.Token);
            (await shell.RunAsync("grep -c sample /proc/modules", limit.Token)).Output.Trim().ShouldBe("1");
        }
        finally
        {
            await machine.EndAsync();
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
