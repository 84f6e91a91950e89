using KextDev.Debuggers.Lldb;
using KextDev.Debugging;
using KextDev.Hosts;
using KextDev.Projects;
using KextDev.Testing;
using Nuke.Common;
using Serilog;

internal interface IKernelDebug : IKernelBuild, IKernelConfigureTarget
{
    [Parameter("When the kernel stops for KernelDebug: now (the default); panic, until which it runs; or boot, for which the guest is restarted.")]
    BreakIn? Break => TryGetValue<BreakIn?>(() => Break);

    [Parameter("How KernelDebug reaches the kernel: gdb, by the hypervisor's stub, which can halt a running kernel; bridge or kdp, over KDP, a macOS kernel that waits in the debugger. Default: the first of gdb, kdp (where lldb speaks it) and bridge that the guest offers.")]
    DebugTransport? Transport => TryGetValue<DebugTransport?>(() => Transport);

    [Parameter("A file of lldb commands that KernelDebug runs when the session is ready.")]
    string? Commands => TryGetValue(() => Commands);

    [Parameter("Ends KernelDebug after its --commands, for scripts.")]
    bool Batch => TryGetValue<bool?>(() => Batch) ?? false;

    [Parameter("KernelDebug writes .vscode/launch.json for Visual Studio Code's extension LLDB DAP and waits, until Ctrl-C, instead of opening lldb here.")]
    bool Vscode => TryGetValue<bool?>(() => Vscode) ?? false;

    Target KernelDebug => _ => _
        .Description("Opens lldb on the kernel of a guest that stays up, halted, with the symbols of the extension that is loaded there; builds and loads it first where it is not. Leaving lldb lets the guest run on.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            var options = new KernelDebugOptions
            {
                Project = project,
                Guest = FindGuests(project)[0],
                State = State,
                Folder = RunFolder.Create(State, $"{project.Name}-debug", TimeProvider.System),
                AskSecret = AskSecret,
                Sdk = Sdk,
                Break = Break ?? BreakIn.Now,
                Transport = Transport,
                Kit = Kdk,
                Commands = CommandsFile(),
                Batch = Batch,
            };
            await RequireAsync(HostNeed.Debugger, token);
            await using var journal = ConsoleJournal();
            await using var session = await DebugSession.OpenAsync(options, journal, token);

            if (Vscode)
            {
                await ServeVsCodeAsync(project, session, token);
                return;
            }

            // In the debugger Ctrl-C halts the kernel; it ends nothing.
            ExitCode = await session.Debugger.RunInForegroundAsync(token);
        }));

    private async Task ServeVsCodeAsync(Project project, DebugSession session, CancellationToken cancellationToken)
    {
        var name = $"KextDev: {project.Name}";
        var file = VsCodeLaunch.Write(RootDirectory, name, session.Script);
        Log.Information("Start '{Name}' in Visual Studio Code (extension LLDB DAP): {File}", name, file);
        Log.Information("Ctrl-C here ends the session, and the guest runs on");
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private string? CommandsFile()
    {
        if (Commands is null)
        {
            return Batch ? throw new TargetFailedException("--batch without --commands would end at once: name a file of lldb commands") : null;
        }

        var path = Path.GetFullPath(Commands);
        return File.Exists(path) ? path : throw new TargetFailedException($"--commands: there is no file {path}");
    }
}
