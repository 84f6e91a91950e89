using KextDev.Platforms;

namespace KextDev.Testing;

/// <summary>The one place in a guest's kernel where the extension is or is not: which variant is loaded now.</summary>
/// <param name="extensions">By variant.</param>
public sealed class ExtensionSlot(IKernelPlatform platform, IReadOnlyDictionary<string, DeployedExtension> extensions)
{
    private readonly List<string> _leftovers = [];
    private string? _loaded;
    private bool _known;

    /// <summary>Called with the variant each time that this slot has loaded one.</summary>
    public Func<string, CancellationToken, Task>? Loaded { get; set; }

    /// <summary>Any variant: all share the name by which the kernel knows the extension.</summary>
    public DeployedExtension Extension => extensions.Values.First();

    /// <summary>The variant that was loaded last, or is about to be: what a kernel that dies dies of.</summary>
    public string? Latest { get; private set; }

    /// <summary>What the system reported after unloads of this slot's: what the extension left behind.</summary>
    public IReadOnlyList<string> Leftovers => _leftovers;

    /// <summary>A test loads and unloads by itself: what is loaded must be asked again.</summary>
    /// <param name="variant">What it loads; null for what is not known.</param>
    public void Forget(string? variant = null) => (_known, Latest) = (false, variant ?? Latest);

    /// <summary>Makes sure that this variant is loaded, unloading another one first.</summary>
    public async Task<KernelAnswer> LoadAsync(string variant, CancellationToken cancellationToken)
    {
        if (_known && _loaded == variant)
        {
            return KernelAnswer.Yes;
        }

        // Whether something is in the way need not be asked: the kernel says so.
        if (_known && await UnloadAsync(cancellationToken) is { Accepted: false } stays)
        {
            return stays;
        }

        // A load that is cancelled midway leaves the question open.
        Forget(variant);
        var answer = await platform.LoadAsync(extensions[variant], cancellationToken);
        if (answer.IsOccupied)
        {
            var unloaded = await UnloadAsync(cancellationToken);
            if (!unloaded.Accepted)
            {
                return unloaded;
            }

            Forget(variant);
            answer = await platform.LoadAsync(extensions[variant], cancellationToken);
        }

        (_known, _loaded) = (true, answer.Accepted ? variant : null);
        await (answer.Accepted && Loaded is { } tell ? tell(variant, cancellationToken) : Task.CompletedTask);
        return answer;
    }

    /// <summary>Makes sure that no variant is loaded.</summary>
    public async Task<KernelAnswer> UnloadAsync(CancellationToken cancellationToken)
    {
        if (!_known)
        {
            _loaded = await platform.IsLoadedAsync(Extension, cancellationToken) ? "(unknown)" : null;
        }

        _known = _loaded is null;
        if (_known)
        {
            return KernelAnswer.Yes;
        }

        var answer = await platform.UnloadAsync(Extension, cancellationToken);
        if (answer.Accepted)
        {
            (_known, _loaded) = (true, null);
            _leftovers.AddRange(await ReadLeftoversAsync(cancellationToken));
        }

        return answer;
    }

    /// <summary>What the system reported of the extension since this was last asked; for those who unload by themselves.</summary>
    public async Task<IReadOnlyList<string>> ReadLeftoversAsync(CancellationToken cancellationToken) =>
        [.. (await platform.ReadNewReportsAsync(Extension, cancellationToken)).Where(report => !report.IsPanic).Select(report => report.Text.Trim())];
}
