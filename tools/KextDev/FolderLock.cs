namespace KextDev;

/// <summary>
/// A folder that one user at a time holds, across processes. The system releases it when the holder dies, however it dies:
/// a free lock proves that nobody uses what the folder describes.
/// </summary>
public sealed class FolderLock : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>EWOULDBLOCK.</summary>
    private const int WouldBlock = 11;

    private readonly FileStream _file;

    private FolderLock(string folder, FileStream file)
    {
        Folder = folder;
        _file = file;
    }

    public string Folder { get; }

    /// <summary>The lock, or null when another holds it. The folder is made when it is missing.</summary>
    /// <exception cref="InfrastructureException">The folder is another user's.</exception>
    public static FolderLock? TryTake(string folder)
    {
        FileStream? file = null;
        try
        {
            Directory.CreateDirectory(folder);

            // FileShare.None is flock(LOCK_EX) here, among processes and within one.
            file = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(HolderFile(folder), $"process {Environment.ProcessId} ({Path.GetFileName(Environment.ProcessPath)})");
            var taken = new FolderLock(folder, file);
            file = null;
            return taken;
        }
        catch (IOException exception) when (exception.HResult == WouldBlock)
        {
            return null;
        }
        catch (IOException exception) when (DiskFullException.Explains(exception))
        {
            throw new DiskFullException(folder, exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new InfrastructureException(
                $"{folder} cannot be used: it belongs to another user, who ran this checkout before. "
                + $"Give it back (sudo chown -R $USER {folder}), or remove it.",
                exception);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Waits for the lock; tells once for whom.</summary>
    public static async Task<FolderLock> TakeAsync(string folder, Note note, CancellationToken cancellationToken)
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

    /// <summary>As <see cref="Holder"/>; null when nobody holds the lock.</summary>
    public static string? FindHolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        using var held = TryTake(folder);
        return held is null ? Holder(folder) : null;
    }

    public void Dispose() => _file.Dispose();

    private static string HolderFile(string folder) => Path.Combine(folder, "holder");
}
