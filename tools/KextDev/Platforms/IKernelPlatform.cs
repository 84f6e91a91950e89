using KextDev.Shells;

namespace KextDev.Platforms;

/// <summary>
/// What a guest's operating system does with a kernel extension. What the kernel refuses is an answer, not an exception;
/// exceptions are lost connections.
/// </summary>
public interface IKernelPlatform
{
    /// <summary>A shell command that loads the extension and exits non-zero when the kernel refuses.</summary>
    string LoadCommand(DeployedExtension extension);

    /// <summary>A shell command that unloads the extension and exits non-zero when the kernel refuses.</summary>
    string UnloadCommand(DeployedExtension extension);

    /// <summary>A shell command that writes one line into the kernel's own log, so that what follows it can be attributed.</summary>
    string MarkCommand(string mark);

    /// <summary>Loads the extension; a refusal says why in the kernel's words.</summary>
    Task<KernelAnswer> LoadAsync(GuestShell shell, DeployedExtension extension, CancellationToken cancellationToken);

    /// <summary>Unloads the extension; a refusal says who still uses it.</summary>
    Task<KernelAnswer> UnloadAsync(GuestShell shell, DeployedExtension extension, CancellationToken cancellationToken);

    Task<bool> IsLoadedAsync(GuestShell shell, DeployedExtension extension, CancellationToken cancellationToken);

    /// <summary>The kernel log's lines after the last line that contains the mark; all lines where the mark is null or has scrolled away.</summary>
    Task<IReadOnlyList<string>> ReadLogAsync(GuestShell shell, string? mark, CancellationToken cancellationToken);
}

/// <summary>An extension's bundle or module that lies in the guest.</summary>
/// <param name="Name">The name by which the kernel knows it.</param>
/// <param name="Variant">Which of its builds this is.</param>
/// <param name="Path">Absolute path in the guest.</param>
/// <param name="BuiltFor">The kernel that it was built for, in the platform's own form.</param>
public sealed record DeployedExtension(string Name, string Variant, string Path, string BuiltFor);

/// <summary>What the kernel said to a load or an unload.</summary>
/// <param name="Message">Empty when accepted; otherwise what was refused and why.</param>
public sealed record KernelAnswer(bool Accepted, string Message)
{
    public static KernelAnswer Yes { get; } = new(Accepted: true, "");

    /// <summary>The refusal; null when accepted.</summary>
    public string? Refusal => Accepted ? null : Message;

    public static KernelAnswer No(string message) => new(Accepted: false, message);
}
