namespace KextDev.Guests;

/// <summary>A guest whose kernel this machine has as a file, and which always lies at the addresses that it was linked for; the guest need not run.</summary>
public interface IKernelFile
{
    /// <returns>Full path of the compressed kernel (a bzImage) that the guest boots.</returns>
    Task<string> GetKernelFileAsync(CancellationToken cancellationToken);
}
