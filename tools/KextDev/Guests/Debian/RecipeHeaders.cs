using KextDev.Toolchains;

namespace KextDev.Guests.Debian;

/// <summary>The headers of the kernel that guests of the recipe "debian-cloud" run.</summary>
internal static class RecipeHeaders
{
    public static async Task<KernelTree> GetAsync(PackageCache packages, CancellationToken cancellationToken)
    {
        var selection = await packages.GetSelectionAsync(refresh: false, cancellationToken);
        var sources = Path.Combine(await packages.GetRootAsync(selection.Headers, cancellationToken), "usr", "src");
        if (sources.AsSpan().IndexOfAny(' ', ':') >= 0)
        {
            throw new InfrastructureException(
                $"The kernel's build system cannot work in {sources}: it takes a space or a colon in a path for the end of it. "
                + "Move the checkout to a path without these.");
        }

        var common = Directory.GetDirectories(sources, "linux-headers-*-common");
        return common.Length == 1
            ? new KernelTree(selection.KernelRelease, Path.Combine(sources, "linux-headers-" + selection.KernelRelease), common[0])
            : throw new InfrastructureException(
                $"The headers of {selection.KernelRelease} are not as Debian packs them: {common.Length} folders linux-headers-*-common in {sources}.");
    }
}
