namespace KextDev.MachO.Linking;

/// <summary>Folder (ending in a slash) and name of the source that an object was compiled from.</summary>
internal static class CompileUnitName
{
    public static (string Folder, string Source) Find(ObjectFile file) =>
        ((Path.GetDirectoryName(file.Name) is { Length: > 0 } folder ? folder : ".") + "/", Path.GetFileName(file.Name));
}
