using KextDev;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Projects;
using KextDev.Reports;
using Nuke.Common;
using Serilog;

/// <summary>What the targets share: where things are, and which project and guest are meant.</summary>
internal interface IKextDevBuild : INukeBuild
{
    [Parameter("The manifest of the extension under test, or its folder. Default: kext/kextdev.json of this repository.")]
    string? Project => TryGetValue(() => Project);

    [Parameter("The guest to use: a name from vm/ or the path of a guest file. Default: the one that the manifest names.")]
    string? Guest => TryGetValue(() => Guest);

    [Parameter("1 skips every kernel target, saying so; 0 or nothing runs them.")]
    string? SkipKernel => TryGetValue(() => SkipKernel);

    sealed StateFolder State => new(RootDirectory / ".kextdev");

    sealed bool RunsKernelTargets
    {
        get
        {
            if (SkipKernel is null or "" or "0" or "false" or "False")
            {
                return true;
            }

            Log.Information("SKIP_KERNEL={Value}: kernel targets are skipped", SkipKernel);
            return false;
        }
    }

    sealed Project LoadProject()
    {
        var path = Path.GetFullPath(Project ?? RootDirectory / "kext" / "kextdev.json");
        return KextDev.Projects.Project.Load(path);
    }

    sealed GuestDefinition FindGuest(Project project) => GuestDefinition.Find(Guest ?? project.Guest, RootDirectory / "vm");

    sealed GuestSite Site => new(State, sentence => Log.Information("{Note}", sentence));

    /// <summary>The body of a target: stopped by Ctrl-C, and failing with a message where the failure is understood.</summary>
    sealed async Task WorkAsync(Func<CancellationToken, Task> work)
    {
        using var interruption = new Interruption();
        try
        {
            await work(interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            ExitCode = Interruption.ExitCode;
            throw new TargetFailedException("Stopped by the user");
        }
        catch (InfrastructureException exception)
        {
            throw new TargetFailedException(exception.Message);
        }
    }

    /// <summary>For targets that are no run with a folder of its own: what happens is printed, and kept nowhere.</summary>
    sealed RunJournal ConsoleJournal() => new(TimeProvider.System, [.. RunReports.Shown(RunReports.Terminal())]);

    /// <summary>The guest of VmUp.</summary>
    sealed async Task<GuestStatus> FindKeptGuestAsync(GuestDefinition definition, CancellationToken cancellationToken)
    {
        var running = await GuestFactory.ListAsync(Site, cancellationToken);
        return running.FirstOrDefault(guest => guest.Kept && guest.Name.Split('.')[0] == definition.Name)
            ?? throw new InfrastructureException($"The guest {definition.Name} is not up. ./build.sh VmUp starts it.");
    }
}
