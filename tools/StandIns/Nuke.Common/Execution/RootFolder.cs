using Nuke.Common.IO;
using Nuke.Common.Parameters;

namespace Nuke.Common.Execution;

/// <summary>The folder that holds `.nuke`.</summary>
internal static class RootFolder
{
    /// <exception cref="ArgumentException">No folder above holds `.nuke`, and none is given.</exception>
    public static AbsolutePath Find(ParameterSources sources)
    {
        var here = Directory.GetCurrentDirectory();
        if (sources.Find("Root", typeof(AbsolutePath)) is AbsolutePath given)
        {
            return given;
        }

        if (sources.CommandLine.ValuesOf("Root") is { Count: 0 })
        {
            return AbsolutePath.Create(here);
        }

        for (var folder = new DirectoryInfo(here); folder is not null; folder = folder.Parent)
        {
            if (Path.Exists(Path.Combine(folder.FullName, ".nuke")))
            {
                return AbsolutePath.Create(folder.FullName);
            }
        }

        throw new ArgumentException(
            $"Could not locate '.nuke' while walking up from '{here}'. Create that directory to mark the root, or add '--root [path]'.");
    }
}
