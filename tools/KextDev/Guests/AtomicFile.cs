namespace KextDev.Guests;

/// <summary>A file that is either there with its whole content or not there.</summary>
public static class AtomicFile
{
    private const int NoSpaceLeft = 28;

    /// <summary>Writes beside the path, then renames; readable by its owner alone.</summary>
    /// <exception cref="InfrastructureException">The disk is full.</exception>
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
        catch (IOException exception) when (exception.HResult == NoSpaceLeft)
        {
            throw new InfrastructureException($"{path} could not be written: the disk is full. Free some space; ./build.sh Clean removes what can be made again.", exception);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
