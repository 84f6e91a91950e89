using KextDev.Platforms;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>The one place in a guest's kernel where the extension is or is not: which variant is loaded now.</summary>
public sealed class ExtensionSlot(IKernelPlatform platform, GuestShell shell, DeployedFiles files)
{
    private string? _loaded;
    private bool _known;

    /// <summary>A test loaded or unloaded by itself: what is loaded must be asked again.</summary>
    public void Forget() => _known = false;

    /// <summary>Makes sure that this variant is loaded, unloading another one first.</summary>
    public async Task<KernelAnswer> LoadAsync(string variant, CancellationToken cancellationToken)
    {
        if (_known && _loaded == variant)
        {
            return KernelAnswer.Yes;
        }

        var unloaded = await UnloadAsync(cancellationToken);
        if (!unloaded.Accepted)
        {
            return unloaded;
        }

        var answer = await platform.LoadAsync(shell, files.Extensions[variant], cancellationToken);
        _loaded = answer.Accepted ? variant : null;
        return answer;
    }

    /// <summary>Makes sure that no variant is loaded.</summary>
    public async Task<KernelAnswer> UnloadAsync(CancellationToken cancellationToken)
    {
        // All variants share the name by which the kernel knows the extension.
        var extension = files.Extensions.Values.First();
        if (!_known)
        {
            _loaded = await platform.IsLoadedAsync(shell, extension, cancellationToken) ? "(unknown)" : null;
            _known = true;
        }

        if (_loaded is null)
        {
            return KernelAnswer.Yes;
        }

        var answer = await platform.UnloadAsync(shell, extension, cancellationToken);
        _loaded = answer.Accepted ? null : _loaded;
        return answer;
    }
}
