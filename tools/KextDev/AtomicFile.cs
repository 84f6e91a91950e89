namespace KextDev;

/// <summary>A file that is either there with its whole content or not there.</summary>
public static class AtomicFile
{
    /// <summary>Writes beside the path, then renames; readable by its owner alone.</summary>
    /// <exception cref="DiskFullException"/>
    public static void Write(string path, Action<Stream> write)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var unfinished = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}.unfinished";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            using (var stream = new FileStream(unfinished, options))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch (IOException exception) when (DiskFullException.Explains(exception))
        {
            throw new DiskFullException(path, exception);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
