namespace KextDev.Guests;

/// <summary>
/// A folder that one user at a time holds, across processes. The system releases it when the holder dies, however it dies:
/// a free lock proves that nobody uses what the folder describes.
/// </summary>
public sealed class FolderLock : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;
    private readonly string _holderFile;

    private FolderLock(string folder, FileStream file)
    {
        Folder = folder;
        _file = file;
        _holderFile = HolderFile(folder);
    }

    public string Folder { get; }

    /// <summary>The lock, or null when another holds it. The folder is made when it is missing.</summary>
    public static FolderLock? TryTake(string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            // FileShare.None is flock(LOCK_EX) here, among processes and within one.
            var file = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var taken = new FolderLock(folder, file);
            File.WriteAllText(taken._holderFile, $"process {Environment.ProcessId} ({Path.GetFileName(Environment.ProcessPath)})");
            return taken;
        }
        catch (IOException) when (File.Exists(Path.Combine(folder, "lock")))
        {
            return null;
        }
    }

    /// <summary>Waits for the lock; tells once for whom.</summary>
    public static async Task<FolderLock> TakeAsync(string folder, GuestNote note, CancellationToken cancellationToken)
    {
        var told = false;
        while (true)
        {
            if (TryTake(folder) is { } taken)
            {
                return taken;
            }

            if (!told)
            {
                note($"Waiting for {Holder(folder)}, which is at work in {folder}.");
                told = true;
            }

            await Task.Delay(RetryInterval, cancellationToken);
        }
    }

    /// <summary>Who holds the lock, in words, for messages.</summary>
    public static string Holder(string folder)
    {
        try
        {
            return File.ReadAllText(HolderFile(folder)) is { Length: > 0 } holder ? holder : "another process";
        }
        catch (IOException)
        {
            return "another process";
        }
    }

    public void Dispose() => _file.Dispose();

    private static string HolderFile(string folder) => Path.Combine(folder, "holder");
}
