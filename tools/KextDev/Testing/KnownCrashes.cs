using System.Text.Json;
using KextDev.Crashes;

namespace KextDev.Testing;

/// <summary>
/// Which builds of an extension killed the kernel of one guest that stays: they are not loaded into it again unasked. A guest of a run's own ends with that run,
/// and knows none. An edited extension is another build.
/// </summary>
public sealed class KnownCrashes(StateFolder state, string guest)
{
    // The oldest go first: nobody loads them any more.
    private const int MostKept = 50;

    private string File => Path.Combine(state.Crashes, guest + ".json");

    /// <param name="identity">The build's: its UUID or build id.</param>
    public void Remember(string extension, string identity, Crash crash, string runFolder, DateTimeOffset now)
    {
        var known = new KnownCrash(extension, identity, crash.Fingerprint, crash.Summary, runFolder, now);
        KnownCrash[] all = [.. Read().Where(one => one.Identity != identity || one.Fingerprint != known.Fingerprint).TakeLast(MostKept - 1), known];
        AtomicFile.Write(File, stream => JsonSerializer.Serialize(stream, all));
    }

    /// <summary>The guest is another one now, or what it was before.</summary>
    public static void Forget(StateFolder state, string guest)
    {
        // Of a guest that nothing is known of, not even the folder need be there.
        if (new KnownCrashes(state, guest).File is var file && System.IO.File.Exists(file))
        {
            System.IO.File.Delete(file);
        }
    }

    /// <param name="identities">Of the builds that are about to be loaded.</param>
    /// <exception cref="KnownCrashException">One of these builds killed this guest's kernel before.</exception>
    public void Require(IEnumerable<string?> identities)
    {
        var built = identities.OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (Read().LastOrDefault(one => built.Contains(one.Identity)) is { } known)
        {
            throw new KnownCrashException(guest, known);
        }
    }

    // A file that cannot be read knows nothing: it must not keep anybody from their tests.
    private KnownCrash[] Read()
    {
        try
        {
            return System.IO.File.Exists(File) ? JsonSerializer.Deserialize<KnownCrash[]>(System.IO.File.ReadAllText(File)) ?? [] : [];
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

/// <param name="Extension">The name by which the kernel knows it.</param>
/// <param name="Identity">Of the very build.</param>
/// <param name="Title">What happened, and who did it.</param>
/// <param name="RunFolder">Where all that is known of it lies.</param>
public sealed record KnownCrash(string Extension, string Identity, string Fingerprint, string Title, string RunFolder, DateTimeOffset Time);

/// <summary>An extension was not loaded: this build of it is known to kill the guest's kernel.</summary>
public sealed class KnownCrashException(string guest, KnownCrash known) : InfrastructureException(
    $"{known.Extension} was not loaded into guest {guest}: this very build ({known.Identity}) killed its kernel before: {known.Title} (crash {known.Fingerprint}). "
    + $"What is known of it: {known.RunFolder}. Mend it: another build is loaded without a question. --force loads this one all the same.");
