using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Guests.Local;
using KextDev.Hosts;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Reports;
using KextDev.Testing;
using KextDev.Toolchains.Darwin;
using Nuke.Common;
using Serilog;
using Spectre.Console;

internal interface IKernelDeps : IKextDevBuild
{
    [Parameter("KernelDeps takes the newest packages for the embedded guest, its kernel included; otherwise those of the first time stay.")]
    bool Refresh => TryGetValue<bool?>(() => Refresh) ?? false;

    Target KernelDeps => _ => _
        .Description("Makes this machine ready: installs missing packages where it may, or names them; fetches what the guest is made of. Changes nothing when nothing is missing. With --guest it also asks that guest whether it can load a development build, and says what to change.")
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var project = LoadProject();
            await AcceptLocalAsync(project, token);
            if (FindPlatforms(project).Contains(GuestPlatform.Darwin))
            {
                await RequireAsync(KextToolchains.Needs, token);
            }

            await RequireAsync(HostNeed.Kernel, token);
            foreach (var definition in FindGuests(project))
            {
                await using var guest = GuestFactory.Create(definition, Site);
                if (guest is IPreparable preparable)
                {
                    await preparable.PrepareAsync(Refresh, token);
                }
            }

            // As a step of other targets it would start a guest once more.
            if (Guest is not null && InvokedTargets.Any(target => target.Name == nameof(KernelDeps)))
            {
                await InspectAsync(FindGuests(project)[0], token);
            }
        }));

    /// <summary>Warns and asks before anything is loaded into this very machine; ends where nothing can be.</summary>
    sealed async Task AcceptLocalAsync(Project project, CancellationToken cancellationToken)
    {
        if (Guest is null || FindGuests(project)[0] is not { Driver: GuestDriver.Local } local || InvokedTargets.All(target => target.Name == "KernelBuild"))
        {
            return;
        }

        Log.Warning("{Warning}", LocalGuest.Warning);
        if (InvokedTargets.All(target => target.Name != nameof(KernelDeps)))
        {
            await using var journal = ConsoleJournal();
            var conditions = await new InspectGuest(Site, journal).RunAsync(local, cancellationToken);
            if (conditions.FirstOrDefault(condition => condition.Effect == LoadEffect.PreventsLoading) is { } obstacle)
            {
                throw new TargetFailedException($"This machine loads no extension under development: {obstacle.Subject}: {PrintableText.Of(obstacle.Found)}. {PrintableText.Of(obstacle.WayOut)}");
            }
        }

        if (!Agree("Go on with this very machine?"))
        {
            throw new TargetFailedException("Nothing was done to this machine. Answer yes, or give --yes, or name a guest");
        }
    }

    private async Task InspectAsync(GuestDefinition definition, CancellationToken cancellationToken)
    {
        await using var journal = ConsoleJournal();
        var conditions = await InspectAsync(definition, journal, cancellationToken);
        if (conditions.Any(condition => condition.Effect == LoadEffect.PreventsLoading && condition.IsBootArgument)
            && await new ConfigureTarget(Site, journal, TimeProvider.System).RunAsync(definition, TargetSettings.ForLoading, Agree, cancellationToken) == TargetOutcome.Changed)
        {
            conditions = await InspectAsync(definition, journal, cancellationToken);
        }

        if (conditions.Any(condition => condition.Effect == LoadEffect.PreventsLoading))
        {
            throw new TargetFailedException($"The guest {definition.Name} cannot load a development build as it is; what to change stands above");
        }
    }

    private async Task<IReadOnlyList<LoadCondition>> InspectAsync(GuestDefinition definition, RunJournal journal, CancellationToken cancellationToken)
    {
        var conditions = await new InspectGuest(Site, journal).RunAsync(definition, cancellationToken);
        var table = new Table().AddColumn(Markup.Escape(definition.Name)).AddColumns("Found", "Loads");
        foreach (var condition in conditions)
        {
            table.AddRow(condition.Subject, Markup.Escape(PrintableText.Of(condition.Found)), Word(condition.Effect));
        }

        AnsiConsole.Write(table);
        foreach (var condition in conditions.Where(condition => condition.WayOut.Length > 0))
        {
            Console.WriteLine($"{condition.Subject}: {PrintableText.Of(condition.WayOut)}");
        }

        return conditions;
    }

    private bool Agree(TargetChange change) =>
        Agree($"Set the {change.ArgumentsName} of guest {change.Guest} to '{PrintableText.Of(change.After ?? "")}' (now '{PrintableText.Of(change.Before ?? "")}'), and restart it?");

    private static string Word(LoadEffect effect) => effect switch
    {
        LoadEffect.None => "yes",
        LoadEffect.Unknown => "[yellow]not sure[/]",
        LoadEffect.HindersDebugging => "[yellow]yes, but no debug kernel[/]",
        _ => "[red]no[/]",
    };

    sealed async Task RequireAsync(IReadOnlyList<HostNeed> needs, CancellationToken cancellationToken) =>
        await new HostReadiness(needs, sentence => Log.Information("{Note}", sentence)).EnsureAsync(cancellationToken);
}
