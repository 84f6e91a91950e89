using System.Text;
using System.Text.Json.Nodes;
using KextDev.Debuggers.Lldb;
using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Guests.Qemu;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Security;
using KextDev.GuestTests.Testing;
using KextDev.Hosts;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.GuestTests.Debugging;

/// <summary>A real lldb on the kernel of a real guest, with a module whose function a program in the guest calls again and again.</summary>
[Collection(GuestTurns.Name)]
public sealed class DebugSessionTests : IAsyncLifetime, IDisposable
{
    private const string Module = """
        // SPDX-License-Identifier: MIT OR GPL-2.0-only
        #include <linux/module.h>
        #include <linux/proc_fs.h>
        static noinline ssize_t sample_read(struct file *file, char __user *to, size_t size, loff_t *offset)
        {
        	const char answer[] = "answer\n";
        	return simple_read_from_buffer(to, size, offset, answer, sizeof(answer) - 1);
        }
        static const struct proc_ops operations = { .proc_read = sample_read };
        static int __init sample_init(void) { return proc_create("sample", 0444, NULL, &operations) ? 0 : -ENOMEM; }
        static void __exit sample_exit(void) { remove_proc_entry("sample", NULL); }
        module_init(sample_init);
        module_exit(sample_exit);
        MODULE_LICENSE("Dual MIT/GPL");
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly SampleProject _project = new(""" "name": "passes", "timeLimit": 30 """);
    private readonly CancellationTokenSource _limit = new(Limit);

    public async Task InitializeAsync()
    {
        _project.Write("linux/sample.c", Module);
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _project.Place.Site);
        await guest.StartAsync(_limit.Token);
        ((IKeepable)guest).Keep();
    }

    public Task DisposeAsync() => GuestFactory.Create(GuestPlace.Embedded, _project.Place.Site).StopAsync(CancellationToken.None);

    public void Dispose()
    {
        _project.Dispose();
        _limit.Dispose();
    }

    [Fact]
    public async Task Stops_in_the_modules_source_and_lets_the_guest_run_on_whichever_way_lldb_ends()
    {
        await InGuestAsync("(while :; do cat /proc/sample >> /tmp/reads; sleep 0.05; done) > /dev/null 2>&1 &");

        // Ends by itself, still attached and with its breakpoint set.
        var said = await DebugAsync("breakpoint set --name sample_read\ncontinue\nframe variable\nbt\nbreakpoint list\n");

        said.ShouldContain("stop reason = breakpoint");
        said.ShouldContain("static noinline ssize_t sample_read", Case.Sensitive);
        said.ShouldMatch(@"\(size_t\) size = \d+");
        said.ShouldMatch(@"frame #0: 0x[0-9a-f]+ sample\.ko`sample_read\(.*size=\d+.*\) at sample\.c:\d+");
        said.ShouldMatch(@"frame #\d+: 0x[0-9a-f]+ vmlinux`vfs_read \+ \d+");
        await ReadsGoOnAsync();

        // Killed while the kernel runs under it.
        using var kill = new CancellationTokenSource();
        await using (var session = await OpenAsync("continue\n", BreakIn.Now))
        {
            var running = session.Debugger.TryRunAsync(kill.Token);
            await ReadsGoOnAsync();
            var listening = ListeningSockets.Ours(_project.Place.State);
            var script = await File.ReadAllLinesAsync(session.Script, _limit.Token);
            listening.EndPoints.ShouldContain(socket => script.Contains($"gdb-remote {socket}"));
            listening.Files.ShouldContain(file => Path.GetFileName(file) == QmpSocket.DebugStubName);
            listening.ShouldBeForNobodyElse();
            await kill.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(running);
        }

        await ReadsGoOnAsync();
    }

    [Fact]
    public async Task Stops_when_the_kernel_panics()
    {
        await using var session = await OpenAsync("bt\n", BreakIn.Panic);
        var debugging = session.Debugger.TryRunAsync(_limit.Token);

        // Answers as soon as the kernel runs under the debugger; panics once it has answered.
        await InGuestAsync("(sleep 1; echo c > /proc/sysrq-trigger) > /dev/null 2>&1 &");

        var said = (await debugging).Output;
        said.ShouldMatch("frame #0: 0x[0-9a-f]+ vmlinux`panic");
        said.ShouldContain("vmlinux`sysrq_handle_crash");
    }

    [Fact]
    public async Task A_debug_adapter_attaches_by_the_configuration_for_Visual_Studio_Code()
    {
        await using var session = await OpenAsync("", BreakIn.Now);
        var file = VsCodeLaunch.Write(_project.RunFolder, "kernel", session.Script);
        var configuration = JsonNode.Parse(await File.ReadAllTextAsync(file, _limit.Token))!["configurations"]![0]!;
        var requests = new (string Command, JsonNode Arguments)[]
        {
            ("initialize", new JsonObject { ["adapterID"] = "lldb-dap" }),
            ("attach", configuration.DeepClone()),
            ("setFunctionBreakpoints", new JsonObject { ["breakpoints"] = new JsonArray(new JsonObject { ["name"] = "sample_read" }) }),
            ("configurationDone", new JsonObject()),
            ("stackTrace", new JsonObject { ["threadId"] = 1, ["levels"] = 1 }),
            ("disconnect", new JsonObject()),
        };
        var program = new HostCommand(HostNeed.Lldb.Sign.Split('|').Select(name => name.Replace("lldb", "lldb-dap", StringComparison.Ordinal)).First(name => ProgramPath.Find(name) is not null))
        {
            StandardInput = string.Concat(requests.Select((request, index) => Message(index + 1, request.Command, request.Arguments))),
        };

        // Debian's ends by a signal once it has answered the last request.
        var said = (await program.TryRunAsync(_limit.Token)).Output;

        said.ShouldMatch(@"""command"":""attach"",""request_seq"":2,""seq"":0,""success"":true");
        said.ShouldMatch(@"""verified"":true[^\n]*""command"":""setFunctionBreakpoints""");

        // Halted wherever it was, perhaps in a program.
        said.ShouldMatch(@"""stackFrames"":\[\{[^\n]*""name"":""[a-z_0-9]+[^\n]*""command"":""stackTrace""");
    }

    private static string Message(int sequence, string command, JsonNode arguments)
    {
        var body = new JsonObject { ["seq"] = sequence, ["type"] = "request", ["command"] = command, ["arguments"] = arguments }.ToJsonString();
        return $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
    }

    [Fact]
    public async Task Stops_at_the_kernels_start()
    {
        await InGuestAsync("touch /tmp/before");

        var said = await DebugAsync("bt\n", BreakIn.Boot);

        said.ShouldMatch("frame #0: 0x[0-9a-f]+ vmlinux`start_kernel");

        // Once the debugger has left, a new kernel starts, which remembers nothing: its memory was its disk.
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _project.Place.Site);
        await using var shell = await GuestShell.ConnectAsync(await guest.StartAsync(_limit.Token), _limit.Token);
        (await shell.RunAsync("ls /tmp/before", _limit.Token)).ExitCode.ShouldNotBe(0);
    }

    private async Task<string> DebugAsync(string commands, BreakIn breakIn = BreakIn.Now)
    {
        await using var session = await OpenAsync(commands, breakIn);
        var result = await session.Debugger.TryRunAsync(_limit.Token);
        return result.Output + result.Error;
    }

    private async Task<DebugSession> OpenAsync(string commands, BreakIn breakIn)
    {
        var file = Path.Combine(_project.RunFolder, "commands.lldb");
        await File.WriteAllTextAsync(file, commands, _limit.Token);
        var options = new KernelDebugOptions
        {
            Project = Project.Load(_project.Folder),
            Guest = GuestPlace.Embedded,
            State = _project.Place.State,
            Folder = _project.RunFolder,
            Commands = file,
            Batch = true,
            Break = breakIn,
        };
        await using var journal = new RunJournal(TimeProvider.System, []);
        return await DebugSession.OpenAsync(options, journal, _limit.Token);
    }

    private async Task InGuestAsync(string command)
    {
        var status = (await _project.Place.ListAsync()).ShouldHaveSingleItem();
        await using var shell = await GuestShell.ConnectAsync(status.Endpoint, _limit.Token);
        (await shell.RunAsync(command, _limit.Token)).ExitCode.ShouldBe(0);
    }

    // A kernel that was left halted, or in a breakpoint, reads no more.
    private Task ReadsGoOnAsync() =>
        InGuestAsync("count() { wc -c < /tmp/reads; }; before=$(count); until [ \"$(count)\" -gt \"$before\" ]; do sleep 0.1; done");
}
