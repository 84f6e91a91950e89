using KextDev;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Projects;
using KextDev.Reports;
using Nuke.Common;
using Serilog;
using Spectre.Console;

/// <summary>What the targets share: where things are, and which project and guest are meant.</summary>
internal interface IKextDevBuild : INukeBuild
{
    [Parameter("The manifest of the extension under test, or its folder. Default: kext/kextdev.json of this repository.")]
    string? Project => TryGetValue(() => Project);

    [Parameter("Linux (the module), darwin (the macOS kext) or all. Default: all that the project has; for targets that want one guest, the first of them.")]
    BuildPlatform? Platform => TryGetValue<BuildPlatform?>(() => Platform);

    [Parameter("The guest to use: a name from vm/, the path of a guest file, or local, which is this very machine and not recommended; its platform is the one that is meant. Default: those that the manifest names.")]
    string? Guest => TryGetValue(() => Guest);

    [Parameter("VMware's vmrun, for a guest that is VMware's. Default: the one that the guest's file names, or where VMware installs it.")]
    string? Vmrun => TryGetValue(() => Vmrun);

    [Parameter("Boots guests afresh instead of going on from the snapshot of a booted one.")]
    bool Cold => TryGetValue<bool?>(() => Cold) ?? false;

    [Parameter("1 skips every kernel target, saying so; 0 or nothing runs them.")]
    string? SkipKernel => TryGetValue(() => SkipKernel);

    [Parameter("Answers yes to what a target asks before it changes something.")]
    bool Yes => TryGetValue<bool?>(() => Yes) ?? false;

    /// <summary>What may be done to this very machine.</summary>
    private static IReadOnlyList<string> LocalTargets => ["KernelDeps", "KernelBuild", "KernelTestLoad", "KernelTest", "KernelTestUnload"];

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

    /// <summary>The systems that are meant, in the manifest's order.</summary>
    sealed IReadOnlyList<GuestPlatform> FindPlatforms(Project project)
    {
        if (Guest is not null)
        {
            return [FindGuests(project)[0].Platform];
        }

        return Platform switch
        {
            BuildPlatform.Linux => [GuestPlatform.Linux],
            BuildPlatform.Darwin => [GuestPlatform.Darwin],
            _ => project.Platforms,
        };
    }

    /// <summary>The guests that are meant, one for each system.</summary>
    sealed IReadOnlyList<GuestDefinition> FindGuests(Project project)
    {
        if (Guest is null)
        {
            return [.. FindPlatforms(project).Select(platform => Define(project.GuestOf(platform)))];
        }

        var guest = Define(Guest);
        if (guest.Driver == GuestDriver.Local && InvokedTargets.FirstOrDefault(target => !LocalTargets.Contains(target.Name)) is { } other)
        {
            throw new TargetFailedException($"{other.Name} is not for this very machine: --guest {Guest} works with {string.Join(", ", LocalTargets)}. Name another guest.");
        }

        return Platform is null or BuildPlatform.All || Platform.ToString() == guest.Platform.ToString()
            ? [guest]
            : throw new TargetFailedException($"--platform {Platform} and --guest {Guest} contradict each other: that guest runs {guest.Platform}. Leave one of them out.");
    }

    /// <summary>The guests that are meant by a target that wants one unless all are asked for.</summary>
    sealed IReadOnlyList<GuestDefinition> FindGuestsOrFirst(Project project) =>
        Platform is BuildPlatform.All ? FindGuests(project) : [FindGuests(project)[0]];

    sealed GuestDefinition Define(string nameOrPath)
    {
        var definition = GuestDefinition.Find(nameOrPath, RootDirectory / "vm");
        return Vmrun is not null && definition.Driver == GuestDriver.Vmware ? definition with { Vmrun = Path.GetFullPath(Vmrun) } : definition;
    }

    sealed GuestSite Site => new(State, sentence => Log.Information("{Note}", PrintableText.Of(sentence.Split('\n')))) { AskSecret = AskSecret, Cold = Cold };

    /// <summary>Null where nobody sits at a terminal.</summary>
    sealed Func<string, string?>? AskSecret =>
        Console.IsInputRedirected || Console.IsOutputRedirected
            ? null
            : question => AnsiConsole.Prompt(new TextPrompt<string>(Markup.Escape(question) + ":").Secret(mask: null).AllowEmpty());

    /// <summary>Whether a person agrees; where nobody sits at a terminal, --yes alone does.</summary>
    sealed bool Agree(string question) =>
        Yes || (!Console.IsInputRedirected && AnsiConsole.Confirm(Markup.Escape(question), defaultValue: false));

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

    /// <summary>The one guest that is up among some, and stays; and where it answers.</summary>
    sealed async Task<(GuestDefinition Definition, GuestEndpoint Endpoint)> FindUpAsync(IReadOnlyList<GuestDefinition> definitions, CancellationToken cancellationToken)
    {
        var up = new List<(GuestDefinition Definition, GuestEndpoint Endpoint)>();
        foreach (var definition in definitions)
        {
            if (await GuestFactory.LookAsync(definition, Site, cancellationToken) is { Stays: true, Endpoint: { } endpoint })
            {
                up.Add((definition, endpoint));
            }
        }

        var names = string.Join(", ", definitions.Select(definition => definition.Name));
        return up switch
        {
            [var only] => only,
            [] => throw new InfrastructureException($"None of these guests is up: {names}. ./build.sh VmUp starts one, with --guest NAME which one you like."),
            _ => throw new InfrastructureException($"More than one guest is up: {string.Join(", ", up.Select(guest => guest.Definition.Name))}. Say which by --guest NAME."),
        };
    }
}
