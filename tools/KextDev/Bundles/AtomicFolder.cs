namespace KextDev.Bundles;

/// <summary>Writes a folder beside its place and then renames it there: a reader sees the old one or the new one, whole.</summary>
internal static class AtomicFolder
{
    /// <exception cref="InfrastructureException">The disk refused; the old folder is still in place.</exception>
    public static void Write(string target, Action<string> write)
    {
        var written = $"{target}.{Guid.NewGuid():N}.new";
        var replaced = $"{target}.{Guid.NewGuid():N}.old";
        try
        {
            Directory.CreateDirectory(written);
            write(written);
            if (Directory.Exists(target))
            {
                Directory.Move(target, replaced);
            }

            Directory.Move(written, target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(replaced) && !Directory.Exists(target))
            {
                Directory.Move(replaced, target);
            }

            throw new InfrastructureException($"The folder {target} could not be written: {exception.Message}", exception);
        }
        finally
        {
            Remove(written);
            Remove(replaced);
        }
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
