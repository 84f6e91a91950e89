using System.Text.RegularExpressions;
using KextDev.Guests.Debian;
using KextDev.Toolchains;

namespace KextDev.Guests;

/// <summary>Finds the headers of the kernel in a machine that KextDev did not boot.</summary>
internal static partial class ForeignKernel
{
    /// <exception cref="InfrastructureException">The definition names none, or what it names is no kernel's build folder.</exception>
    public static async Task<KernelTree> GetTreeAsync(GuestDefinition definition, GuestSite site, CancellationToken cancellationToken)
    {
        if (definition.KernelHeadersFolder is { } folder)
        {
            return Read(folder);
        }

        return definition.Recipe == GuestRecipe.DebianCloud
            ? await RecipeHeaders.GetAsync(new PackageCache(site.State.Cache, site.Note), cancellationToken)
            : throw new InfrastructureException(
                $"A module cannot be built for guest {definition.Name}: the headers of its kernel are not at hand. "
                + $"Copy the guest's /lib/modules/$(uname -r)/build here, with what it links to, and name the folder by \"kernelHeaders\" in {definition.File}.");
    }

    internal static KernelTree Read(string folder)
    {
        var releaseFile = Path.Combine(folder, "include", "config", "kernel.release");
        var makefile = Path.Combine(folder, "Makefile");
        if (!File.Exists(releaseFile) || !File.Exists(makefile))
        {
            throw new InfrastructureException(
                $"{folder} is not the build folder of a kernel: it has no {(File.Exists(makefile) ? "include/config/kernel.release" : "Makefile")}. "
                + "\"kernelHeaders\" names what /lib/modules/RELEASE/build of the guest is.");
        }

        // Debian's object folder has a Makefile of one line that includes the other half.
        var lines = File.ReadLines(makefile).Where(line => line.Trim() is { Length: > 0 } text && text[0] != '#').Take(2).ToList();
        var source = lines is [var only] && only.StartsWith("include ", StringComparison.Ordinal)
            ? Path.GetDirectoryName(Path.GetFullPath(only["include ".Length..].Trim(), folder))!
            : folder;
        return Directory.Exists(source)
            ? new KernelTree(ReleaseIn(folder) ?? File.ReadAllText(releaseFile).Trim(), folder, source)
            : throw new InfrastructureException($"The kernel's build folder {folder} is half of one: its Makefile includes {source}, which does not exist. Copy that, too.");
    }

    // Debian's kernel.release may tell the version of the sources; a module is marked with, and the kernel calls itself, what stands here.
    private static string? ReleaseIn(string folder)
    {
        var header = Path.Combine(folder, "include", "generated", "utsrelease.h");
        return File.Exists(header) && Release().Match(File.ReadAllText(header)) is { Success: true } match ? match.Groups["release"].Value : null;
    }

    [GeneratedRegex("^#define UTS_RELEASE \"(?<release>[^\"]+)\"", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Release();
}
