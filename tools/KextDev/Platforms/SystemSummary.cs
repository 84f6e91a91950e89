namespace KextDev.Platforms;

/// <summary>What a guest's system is, and what of it decides whether an extension can be loaded and debugged.</summary>
/// <param name="System">Product, version and kernel.</param>
/// <param name="SystemIntegrityProtection">As csrutil tells it; null where there is no such thing.</param>
/// <param name="BootArguments">What the kernel is told at its start.</param>
/// <param name="Extensions">The loaded ones that are not Apple's; on Linux all modules.</param>
public sealed record SystemSummary(string System, string? SystemIntegrityProtection, string BootArguments, IReadOnlyList<string> Extensions);
