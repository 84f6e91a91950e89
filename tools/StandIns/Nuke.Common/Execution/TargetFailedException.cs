namespace Nuke.Common.Execution;

/// <summary>A target failed; its exception has been shown.</summary>
internal sealed class TargetFailedException(string target, Exception inner)
    : Exception($"Target '{target}' has failed: {inner.Message}", inner);
