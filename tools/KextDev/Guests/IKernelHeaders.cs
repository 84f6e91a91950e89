using KextDev.Toolchains;

namespace KextDev.Guests;

/// <summary>A guest whose kernel's headers are at hand, so that a module can be built for exactly this kernel; it need not run.</summary>
public interface IKernelHeaders
{
    Task<KernelTree> GetKernelTreeAsync(CancellationToken cancellationToken);
}
