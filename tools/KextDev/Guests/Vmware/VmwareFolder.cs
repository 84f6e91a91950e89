using System.Text.Json;

namespace KextDev.Guests.Vmware;

/// <summary>What is known here of one definition's machine: a file in .kextdev/guests/NAME. Whoever uses the machine holds the folder's <see cref="FolderLock"/>.</summary>
internal sealed record VmwareFolder(string Path)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string Name => System.IO.Path.GetFileName(Path);

    private string StateFile => System.IO.Path.Combine(Path, "vmware.json");

    public static IEnumerable<VmwareFolder> All(StateFolder state) => Directory.Exists(state.Guests)
        ? [.. Directory.EnumerateDirectories(state.Guests).Order(StringComparer.Ordinal).Select(path => new VmwareFolder(path))]
        : [];

    public static VmwareFolder Of(string name, StateFolder state) => new(System.IO.Path.Combine(state.Guests, name));

    /// <summary>Null when KextDev started no machine for this definition, or ended it.</summary>
    public VmwareState? Read()
    {
        try
        {
            return JsonSerializer.Deserialize<VmwareState>(File.ReadAllBytes(StateFile), Json);
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    public void Write(VmwareState state) => AtomicFile.Write(StateFile, stream => JsonSerializer.Serialize(stream, state, Json));

    public void Forget() => File.Delete(StateFile);
}

/// <summary>A machine that KextDev started.</summary>
/// <param name="Endpoint">Null until it answered.</param>
/// <param name="Kept">True when it stays without a user.</param>
internal sealed record VmwareState(
    VmrunProgram Program, string Vmx, GuestEndpoint? Endpoint, DateTimeOffset Started, bool Kept, string? ConsoleFile);
