using System.Text.Json;

namespace KextDev.Debugging;

/// <summary>What a guest's kernel was told before KextDev changed it for the first time.</summary>
/// <param name="Arguments">As they stood, every blank; null where nothing was set.</param>
/// <param name="InstalledKernel">The suffix of the kernel that was installed; null for none.</param>
public sealed record TargetBackup(string? Arguments, DateTimeOffset Taken, string? InstalledKernel = null)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The machine's own settings, null for those that were not there; null where they were not changed.</summary>
    public IReadOnlyDictionary<string, string?>? Machine { get; init; }

    public static string FileOf(string guest, StateFolder state) => Path.Combine(state.Targets, guest + ".before.json");

    /// <returns>Null where the guest was not configured from this checkout, or nobody knows any more.</returns>
    /// <exception cref="InfrastructureException">The file cannot be read.</exception>
    public static TargetBackup? Find(string guest, StateFolder state)
    {
        var file = FileOf(guest, state);
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<TargetBackup>(File.ReadAllBytes(file), Json) : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException or UnauthorizedAccessException)
        {
            throw new InfrastructureException(
                $"How guest {guest} was configured before is not known: {file} cannot be read: {exception.Message} Remove it once you know what the guest's boot arguments shall be.", exception);
        }
    }

    public void Save(string guest, StateFolder state) => AtomicFile.Write(FileOf(guest, state), stream => JsonSerializer.Serialize(stream, this, Json));

    public static void Forget(string guest, StateFolder state) => File.Delete(FileOf(guest, state));
}
