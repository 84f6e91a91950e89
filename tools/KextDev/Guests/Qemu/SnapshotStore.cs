namespace KextDev.Guests.Qemu;

/// <summary>The snapshots of a checkout, in <c>.kextdev/cache/snapshots</c>. One is there as a whole or not at all.</summary>
public sealed class SnapshotStore(string cacheFolder)
{
    /// <summary>Each takes as much of the disk as its machine has memory.</summary>
    public const int Kept = 4;

    private const string Unfinished = ".unfinished";

    private string Folder => Path.Combine(cacheFolder, "snapshots");

    /// <summary>Null when there is none of this key. One that was interrupted or cut short is removed.</summary>
    public Snapshot? Find(string key)
    {
        var snapshot = new Snapshot(Path.Combine(Folder, key));
        if (!Directory.Exists(snapshot.Folder))
        {
            return null;
        }

        if (snapshot.ReadManifest() is { } manifest && snapshot.HasLengths(manifest))
        {
            return snapshot;
        }

        Remove(snapshot);
        return null;
    }

    /// <summary>Begins a snapshot; null while another is being made.</summary>
    /// <param name="memory">MiB.</param>
    /// <exception cref="InfrastructureException">The disk cannot hold that much, or the folder is another user's.</exception>
    public UnfinishedSnapshot? TryBegin(string key, int memory)
    {
        if (FolderLock.TryTake(Folder) is not { } held)
        {
            return null;
        }

        var begun = false;
        try
        {
            // Nobody else makes one now: what is unfinished was left by a process that was killed.
            foreach (var left in Directory.EnumerateDirectories(Folder, "*" + Unfinished))
            {
                Directory.Delete(left, recursive: true);
            }

            var length = memory * 1024L * 1024;
            if (new DriveInfo(Folder).AvailableFreeSpace < 2 * length)
            {
                throw new InfrastructureException($"a snapshot of {memory} MiB would leave less than that free on the disk of {Folder}.");
            }

            var snapshot = new Snapshot(Path.Combine(Folder, key + Unfinished));
            Directory.CreateDirectory(snapshot.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            MakeRoom(snapshot.MemoryFile, length);
            begun = true;
            return new UnfinishedSnapshot(snapshot, Path.Combine(Folder, key), this, held);
        }
        finally
        {
            if (!begun)
            {
                Remove(new Snapshot(Path.Combine(Folder, key + Unfinished)));
                held.Dispose();
            }
        }
    }

    /// <summary>Says that a snapshot was of use: those that were longest of none go first.</summary>
    public static void Touch(Snapshot snapshot)
    {
        try
        {
            File.SetLastWriteTimeUtc(snapshot.ManifestFile, DateTime.UtcNow);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another run threw it away in the meantime.
        }
    }

    public static void Remove(Snapshot snapshot)
    {
        try
        {
            Directory.Delete(snapshot.Folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another run was first.
        }
    }

    /// <summary>Removes all but the <see cref="Kept"/> that were last of use.</summary>
    internal void RemoveOld()
    {
        var snapshots = Directory.EnumerateDirectories(Folder)
            .Where(folder => !folder.EndsWith(Unfinished, StringComparison.Ordinal))
            .Select(folder => new Snapshot(folder));
        foreach (var old in snapshots.OrderByDescending(snapshot => File.GetLastWriteTimeUtc(snapshot.ManifestFile)).Skip(Kept))
        {
            Remove(old);
        }
    }

    // A machine whose memory finds no room when it is written to would be killed.
    private static void MakeRoom(string path, long length)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            PreallocationSize = length,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        try
        {
            using var file = new FileStream(path, options);
            file.SetLength(length);
        }
        catch (IOException exception) when (DiskFullException.Explains(exception))
        {
            throw new DiskFullException(path, exception);
        }
    }
}

/// <summary>A snapshot that only its maker knows; gone when it is disposed before it was published.</summary>
public sealed class UnfinishedSnapshot(Snapshot snapshot, string finalFolder, SnapshotStore store, FolderLock held) : IDisposable
{
    public string MemoryFile => snapshot.MemoryFile;

    public string DeviceFile => snapshot.DeviceFile;

    /// <summary>Once the machine stands still, and both files are written.</summary>
    /// <param name="console">The file with what it printed.</param>
    /// <param name="saved">When it stood still.</param>
    public void Seal(string console, DateTimeOffset saved)
    {
        File.Copy(console, snapshot.ConsoleFile);
        snapshot.WriteManifest(saved);
    }

    /// <summary>Once it is sealed and the machine is gone.</summary>
    public Snapshot Publish()
    {
        if (Directory.Exists(finalFolder))
        {
            Directory.Delete(finalFolder, recursive: true);
        }

        Directory.Move(snapshot.Folder, finalFolder);
        store.RemoveOld();
        return new Snapshot(finalFolder);
    }

    public void Dispose()
    {
        if (Directory.Exists(snapshot.Folder))
        {
            Directory.Delete(snapshot.Folder, recursive: true);
        }

        held.Dispose();
    }
}
