using KextDev.Hosts;
using KextDev.Platforms.Darwin;
using KextDev.Reports;
using KextDev.Symbols;
using Nuke.Common;
using Serilog;

internal interface IKernelSymbolicate : IKernelDeps
{
    [Parameter("What KernelSymbolicate reads: a panic report (.panic or .ips), a console's log, or the folder of a run.")]
    string? Report => TryGetValue(() => Report);

    [Parameter("Folders with further dSYMs or modules for KernelSymbolicate, besides what was built here: a kernel debug kit, what a package brought. Separated by spaces.")]
    string[]? Symbols => TryGetValue(() => Symbols);

    Target KernelSymbolicate => _ => _
        .Description("Prints the crashes that a --report tells of with function, file and line below each address, from the dSYM or the module of the very build that crashed. Needs no guest.")
        .Executes(() => WorkAsync(async token =>
        {
            if (Report is null)
            {
                throw new TargetFailedException("KernelSymbolicate reads a report: name it by --report FILE, which may be a run's folder too");
            }

            var folders = (Symbols ?? []).Select(Path.GetFullPath).ToList();
            if (folders.Find(folder => !Path.Exists(folder)) is { } missing)
            {
                throw new TargetFailedException($"--symbols: there is no {missing}");
            }

            var crashes = CrashReading.Read(Report);
            if (crashes.Count == 0)
            {
                throw new TargetFailedException($"{Report} tells of no crash: neither a panic of macOS nor an oops, a warning or a lockup of Linux is in it");
            }

            if (!OperatingSystem.IsMacOS())
            {
                await RequireAsync([HostNeed.Symbolizer], token);
            }

            var symbols = new CrashSymbols(new SymbolFolders([State.Build, .. folders, .. KitsFor(crashes)]), RootDirectory);
            var named = 0;
            foreach (var found in crashes)
            {
                var crash = await symbols.NameAsync(found.Crash, token);
                named += crash.Named;
                Tell(found, crash);
            }

            if (named == 0)
            {
                throw new TargetFailedException("Nothing got a name: no address of these crashes lies in an extension whose symbols are here; what is missing stands above");
            }
        }));

    // A report has the build of its macOS on a line of its own.
    private static IEnumerable<string> KitsFor(IReadOnlyList<FoundCrash> crashes) =>
        DebugKit.FindInstalled().Where(kit => crashes.Any(found => found.Crash.Text.Any(line => line == kit.Build))).Select(kit => kit.Folder);

    private static void Tell(FoundCrash found, NamedCrash crash)
    {
        Log.Information("{Title}, in {File}{Times}", PrintableText.Of(crash.Crash.Summary), found.File, found.Times > 1 ? $", {found.Times} times" : "");
        Console.WriteLine(PrintableText.Of(crash.Text));
        foreach (var note in crash.Notes)
        {
            Log.Information("{Note}", PrintableText.Of(note));
        }
    }
}
