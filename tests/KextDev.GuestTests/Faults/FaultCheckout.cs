using System.Collections.Concurrent;
using KextDev.GuestTests.Guests;
using KextDev.Processes;

namespace KextDev.GuestTests.Faults;

/// <summary>
/// A checkout in which ./build.sh runs as people start it. All that a run may leave behind is found: its processes carry a mark in their environment,
/// and its temporary files have a folder of their own. With others it shares build.sh's program, packages, images, snapshots and keys.
/// </summary>
internal sealed class FaultCheckout : IDisposable
{
    public const string MarkVariable = "KEXTDEV_FAULT";

    // A guard gives what it guards a second to end.
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private static readonly string[] Linked =
        ["build", "tools", "vm", "kext", "global.json", ".editorconfig", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"];

    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-faults-").FullName;
    private readonly ConcurrentBag<FaultyRun> _runs = [];

    public FaultCheckout()
    {
        foreach (var name in Linked)
        {
            File.CreateSymbolicLink(Path.Combine(Root, name), Path.Combine(GuestPlace.Root, name));
        }

        File.Copy(Path.Combine(GuestPlace.Root, "build.sh"), Path.Combine(Root, "build.sh"));
        CopyNuke();
        Directory.CreateDirectory(State.Runs);
        var checkout = new StateFolder(Path.Combine(GuestPlace.Root, ".kextdev"));
        Directory.CreateSymbolicLink(State.Cache, checkout.Cache);
        Directory.CreateSymbolicLink(State.Keys, checkout.Keys);
        Directory.CreateDirectory(Temporary);
    }

    public string Root => Directory.CreateDirectory(Path.Combine(_folder, "root")).FullName;

    /// <summary>The TMPDIR of its runs.</summary>
    public string Temporary => Path.Combine(_folder, "tmp");

    public StateFolder State => new(Path.Combine(Root, ".kextdev"));

    public string Mark { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Builds what every checkout runs, before the first is made.</summary>
    public static Task BuildAsync() => new HostCommand(Path.Combine(GuestPlace.Root, "build.sh"), "--help").RunAsync(CancellationToken.None);

    public string Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A guest like the embedded one, which does something more before it answers.</summary>
    /// <returns>The path of its definition.</returns>
    public string WriteGuest(string command)
    {
        var init = File.ReadAllText(Path.Combine(GuestPlace.Root, "vm", "embedded", "init"));
        Write("guest/init", init.Replace("read -r uptime", $"{command}\nread -r uptime", StringComparison.Ordinal));
        return Write("guest/changed.json", """{ "driver": "qemu", "platform": "linux", "recipe": "debian-cloud", "init": "init", "memory": 256, "cpus": 2 }""");
    }

    /// <summary>Starts <c>./build.sh KernelTest</c> on a bad module.</summary>
    /// <param name="under">A command that runs the rest of its command line; empty for none.</param>
    /// <param name="project">A folder of tests/bad-modules.</param>
    /// <param name="arguments">Further ones.</param>
    public FaultyRun Start(IEnumerable<string> under, string project, IEnumerable<string> arguments) =>
        Start([.. under, .. Script, "KernelTest", "--project", Path.Combine(GuestPlace.Root, "tests", "bad-modules", project), .. arguments]);

    /// <summary>Starts <c>./build.sh</c> with these words.</summary>
    public FaultyRun Run(params IEnumerable<string> words) => Start([.. Script, .. words]);

    /// <summary>The processes of its runs that live: identifier and command line.</summary>
    public IReadOnlyList<(int Id, string Command)> Processes() => MarkedProcess.All($"{MarkVariable}={Mark}");

    /// <summary>What its runs, which have ended, left behind. What is about to go is waited for.</summary>
    public async Task<IReadOnlyList<string>> LeftoversAsync()
    {
        using var limit = new CancellationTokenSource(EndLimit);
        while (FindLeftovers() is { Count: > 0 } && !limit.IsCancellationRequested)
        {
            await Task.Delay(Pause);
        }

        return FindLeftovers();
    }

    public void Dispose()
    {
        foreach (var run in _runs)
        {
            run.Dispose();
        }

        foreach (var (id, _) in Processes())
        {
            MarkedProcess.Kill(id);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string[] Script => ["bash", Path.Combine(Root, "build.sh")];

    private FaultyRun Start(IReadOnlyList<string> command)
    {
        var run = new FaultyRun(this, command);
        _runs.Add(run);
        return run;
    }

    private List<string> FindLeftovers()
    {
        var guests = Directory.Exists(State.Guests) ? Directory.GetDirectories(State.Guests) : [];
        return
        [
            .. Processes().Select(process => $"process {process.Id}: {process.Command}"),
            .. Directory.GetFileSystemEntries(Temporary).Select(path => $"temporary {Path.GetFileName(path)}"),
            .. guests.SelectMany(guest => Directory.GetFiles(guest)).Where(file => Path.GetFileName(file) is "guest.json" or "qemu.pid").Select(file => $"guest's {file}"),
            .. guests.Select(FolderLock.FindHolder).OfType<string>().Select(holder => $"lock of {holder}"),
            .. (Directory.Exists(State.Runs) ? Directory.GetDirectories(State.Runs, ".*") : []).Select(folder => $"half a run's folder {folder}"),
        ];
    }

    // build.sh takes the program that was built last; a stamp that is newer than the links says that nothing changed since.
    private void CopyNuke()
    {
        var from = Path.Combine(GuestPlace.Root, ".nuke");
        var to = Directory.CreateDirectory(Path.Combine(Root, ".nuke")).FullName;
        Directory.CreateDirectory(Path.Combine(to, "temp"));
        foreach (var file in (string[])["parameters.json", "build.schema.json", "temp/packages", "temp/built"])
        {
            File.Copy(Path.Combine(from, file), Path.Combine(to, file));
            File.SetLastWriteTimeUtc(Path.Combine(to, file), DateTime.UtcNow);
        }
    }
}
