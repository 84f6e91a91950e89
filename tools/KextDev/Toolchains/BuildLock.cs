namespace KextDev.Toolchains;

/// <summary>Told one plain sentence: what a build waits for.</summary>
public delegate void BuildNote(string sentence);

/// <summary>One build at a time in a folder, across processes. The system frees it when the holder dies, however it dies.</summary>
internal sealed class BuildLock : IDisposable
{
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(100);

    // EWOULDBLOCK, on Linux.
    private const int HeldByAnother = 11;

    private readonly FileStream _lock;

    private BuildLock(FileStream taken, string holder)
    {
        _lock = taken;
        File.WriteAllText(holder, $"process {Environment.ProcessId}");
    }

    /// <summary>Waits for the lock, and says once for whom. The folder is made when it is missing.</summary>
    public static async Task<BuildLock> TakeAsync(string folder, BuildNote note, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "lock");
        var holder = Path.Combine(folder, "holder");
        for (var told = false; ; told = true)
        {
            try
            {
                // FileShare.None is flock(LOCK_EX), among processes and within one.
                var taken = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return new BuildLock(taken, holder);
            }
            catch (IOException exception) when (exception.HResult == HeldByAnother)
            {
                if (!told)
                {
                    note($"Waiting for another build in {folder} to end ({Holder(holder)}).");
                }

                await Task.Delay(s_retry, cancellationToken);
            }
        }
    }

    public void Dispose() => _lock.Dispose();

    private static string Holder(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "of another process";
        }
    }
}
