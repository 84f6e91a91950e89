namespace KextDev.Toolchains;

/// <summary>A source does not compile or link. The message begins with the compiler's own first error.</summary>
public sealed class BuildFailedException : InfrastructureException
{
    public BuildFailedException(string message, IReadOnlyList<string> diagnostics)
        : base(message)
    {
        Diagnostics = diagnostics;
    }

    /// <summary>Every line that the compiler printed, paths of the user's own sources in it.</summary>
    public IReadOnlyList<string> Diagnostics { get; }
}
