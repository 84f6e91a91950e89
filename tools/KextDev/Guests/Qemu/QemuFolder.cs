using System.Text.Json;
using System.Text.Json.Serialization;

namespace KextDev.Guests.Qemu;

/// <summary>The folder of one running machine: .kextdev/guests/NAME, or NAME.2 and so on for more of one definition.</summary>
/// <remarks>Whoever uses the machine holds the folder's <see cref="FolderLock"/>.</remarks>
public sealed record QemuFolder(string Path)
{
    public string Name => System.IO.Path.GetFileName(Path);

    public string PidFile => System.IO.Path.Combine(Path, "qemu.pid");

    public string LogFile => System.IO.Path.Combine(Path, "qemu.log");

    public string ConsoleFile => System.IO.Path.Combine(Path, "console.log");

    private string StateFile => System.IO.Path.Combine(Path, "guest.json");

    /// <summary>The folders there are, of any definition.</summary>
    public static IReadOnlyList<QemuFolder> All(StateFolder state) => Directory.Exists(state.Guests)
        ? [.. Directory.EnumerateDirectories(state.Guests).Order(StringComparer.Ordinal).Select(path => new QemuFolder(path))]
        : [];

    /// <summary>The folders of one definition, first to last, made or not; endless.</summary>
    public static IEnumerable<QemuFolder> Of(string name, StateFolder state)
    {
        yield return new QemuFolder(System.IO.Path.Combine(state.Guests, name));
        for (var number = 2; ; number++)
        {
            yield return new QemuFolder(System.IO.Path.Combine(state.Guests, $"{name}.{number}"));
        }
    }

    /// <summary>True when this is a folder of the named definition.</summary>
    public bool IsOf(string name) => Name == name || Name.StartsWith(name + ".", StringComparison.Ordinal);

    /// <summary>Null when no machine was started here, or none that got as far as running.</summary>
    public QemuState? ReadState()
    {
        try
        {
            return File.Exists(StateFile) ? JsonSerializer.Deserialize(File.ReadAllBytes(StateFile), QemuJson.Default.QemuState) : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    public void WriteState(QemuState state) => AtomicFile.Write(StateFile, stream => JsonSerializer.Serialize(stream, state, QemuJson.Default.QemuState));

    /// <summary>The machine's process, found by its pid file or else by its command line; null when none runs.</summary>
    /// <remarks>A machine's state is written before it starts, and goes after it: where there is none, nobody's command line need be read.</remarks>
    public QemuProcess? FindProcess() => File.Exists(StateFile) ? QemuProcess.Find(PidFile) : null;

    /// <summary>Removes what describes a machine that is gone. The console's text stays for a reader.</summary>
    public void Forget()
    {
        if (ReadState() is { } state)
        {
            QmpSocket.Remove(state.QmpSocket, Path);
        }

        File.Delete(StateFile);
        File.Delete(PidFile);
    }
}

/// <summary>What other processes need to know about a machine.</summary>
/// <param name="Identity">Of image and definition: machines of the same identity are alike.</param>
/// <param name="Kept">True when it stays without a user.</param>
public sealed record QemuState(
    GuestEndpoint Endpoint, string Identity, Accelerator Accelerator, DateTimeOffset Started, string ConsoleFile, string QmpSocket, bool Kept);

/// <summary>Made when this is compiled: what looks at types at run time takes longer than QEMU's start.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(QemuState))]
[JsonSerializable(typeof(SnapshotManifest))]
[JsonSerializable(typeof(FailureMemory))]
[JsonSerializable(typeof(KvmAnswer))]
internal sealed partial class QemuJson : JsonSerializerContext;
