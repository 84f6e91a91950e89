using System.Collections.Concurrent;
using KextDev.Guests;

namespace KextDev.GuestTests.Guests;

/// <summary>A state folder of a test's own. Packages and keys are the checkout's: they are fetched and made once.</summary>
public sealed class GuestPlace : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-test-").FullName;

    public GuestPlace()
    {
        var checkout = new StateFolder(Path.Combine(Root, ".kextdev"));
        State = new StateFolder(_folder);
        foreach (var (link, target) in new[] { (State.Cache, checkout.Cache), (State.Keys, checkout.Keys) })
        {
            Directory.CreateDirectory(target);
            Directory.CreateSymbolicLink(link, target);
        }

        Site = new GuestSite(State, Notes.Enqueue);
    }

    /// <summary>The checkout's root: the folder with the solution.</summary>
    public static string Root { get; } = FindRoot();

    public StateFolder State { get; }

    public GuestSite Site { get; }

    public ConcurrentQueue<string> Notes { get; } = new();

    public static GuestDefinition Embedded => GuestDefinition.Find("embedded", Path.Combine(Root, "vm"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "KextDev.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run from within a checkout.");
        }

        return folder;
    }
}
