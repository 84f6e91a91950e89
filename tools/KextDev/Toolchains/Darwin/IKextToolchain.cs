using KextDev.Processes;
using KextDev.Projects;

namespace KextDev.Toolchains.Darwin;

/// <summary>The tools that make a kext on one kind of host. What the steps are, and in which order, is <see cref="KextBuild"/>'s.</summary>
public interface IKextToolchain
{
    /// <summary>The program and its first words: "clang-14", or "xcrun clang".</summary>
    IReadOnlyList<string> Compiler { get; }

    /// <summary>What the compiler says of itself. Another one compiles everything anew.</summary>
    string CompilerVersion { get; }

    /// <summary>Whether the linker finds a libkmod of its own; otherwise KextDev's is compiled and linked.</summary>
    bool HasLibkmod { get; }

    /// <summary>Compiler flags that lead to the kernel's headers.</summary>
    /// <exception cref="InfrastructureException">There are none.</exception>
    IReadOnlyList<string> HeaderFlags(DarwinExtension extension);

    /// <summary>Links, with a debug map.</summary>
    /// <param name="tell">Told what is wrong, a line at a time, as compilers print it.</param>
    /// <returns>Whether <see cref="KextLink.Output"/> was made.</returns>
    Task<bool> LinkAsync(KextLink link, CompilerLine tell, CancellationToken cancellationToken);

    /// <summary>Makes the same executable without the debug map; its UUID stays.</summary>
    Task StripAsync(KextLink link, string output, CancellationToken cancellationToken);

    HostCommand MakeDsym(string executable, string dsymFolder);

    /// <summary>What is left to do with the finished bundle.</summary>
    IReadOnlyList<HostCommand> Finish(string bundleFolder);
}

/// <param name="Source">Full path of the C or C++ file.</param>
/// <param name="Path">Full path of the object made from it.</param>
public sealed record KextObject(string Source, string Path);

/// <param name="Objects">In the order of the link.</param>
/// <param name="Library">Objects that are linked only where something asks for them.</param>
/// <param name="Output">Full path of the executable to make.</param>
/// <param name="DeploymentTarget">A macOS version.</param>
/// <param name="HasCPlusPlus">Whether an object comes from C++.</param>
public sealed record KextLink(
    IReadOnlyList<KextObject> Objects, IReadOnlyList<KextObject> Library, string Output, string DeploymentTarget, bool HasCPlusPlus);
