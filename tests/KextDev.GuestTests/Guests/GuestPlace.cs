using System.Collections.Concurrent;
using KextDev.Guests;

namespace KextDev.GuestTests.Guests;

/// <summary>A state folder of a test's own. Packages and keys are the checkout's: they are fetched and made once.</summary>
public sealed class GuestPlace : IDisposable
{
    private readonly StateFolder _checkout = new(Path.Combine(Root, ".kextdev"));
    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-test-").FullName;

    /// <param name="ownCache">Whether the cache is the test's own, too, with nothing but the checkout's packages in it.</param>
    /// <param name="cache">Another cache than the checkout's.</param>
    public GuestPlace(bool ownCache = false, string? cache = null)
    {
        State = new StateFolder(_folder);
        Link(State.Keys, _checkout.Keys);
        if (ownCache)
        {
            Directory.CreateDirectory(State.Cache);
            Share("packages");
            Share("roots");
        }
        else
        {
            Link(State.Cache, cache ?? _checkout.Cache);
        }

        Site = new GuestSite(State, Notes.Enqueue);
    }

    /// <summary>The checkout's root: the folder with the solution.</summary>
    public static string Root { get; } = FindRoot();

    public static GuestDefinition Embedded => GuestDefinition.Find("embedded", Path.Combine(Root, "vm"));

    public StateFolder State { get; }

    public GuestSite Site { get; }

    public ConcurrentQueue<string> Notes { get; } = new();

    public Task<IReadOnlyList<GuestStatus>> ListAsync() => GuestFactory.ListAsync(Site, CancellationToken.None);

    /// <summary>A definition like the embedded guest's, with an init script of the test's own.</summary>
    public GuestDefinition WithInit(string script) => WithInit(GuestPlace.Embedded, script);

    public GuestDefinition WithInit(GuestDefinition definition, string script)
    {
        var file = Path.Combine(_folder, "init");
        File.WriteAllText(file, script);
        return definition with { Init = file };
    }

    /// <summary>What is built of the checkout's own extension is the checkout's: it takes long, and is built once.</summary>
    public void ShareBuild() => Link(State.Build, _checkout.Build);

    /// <summary>Makes a part of the checkout's cache one of a cache that is the test's own.</summary>
    public void Share(string part) => Link(Path.Combine(State.Cache, part), Path.Combine(_checkout.Cache, part));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Link(string link, string target)
    {
        Directory.CreateDirectory(target);
        Directory.CreateSymbolicLink(link, target);
    }

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
