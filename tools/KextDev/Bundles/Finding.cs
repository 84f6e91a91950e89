namespace KextDev.Bundles;

public enum Severity
{
    Note,
    Warning,
    Error,
}

/// <summary>Something that was noticed about a file or a bundle.</summary>
/// <param name="Code">PL1001.. for property lists, KC1001.. for bundles. A code keeps its meaning.</param>
/// <param name="Where">File, and after a colon the line, the offset (of a binary file) or the key; empty for the bundle as a whole.</param>
/// <param name="Fix">How to mend it; empty when nothing is to be mended.</param>
public sealed record Finding(Severity Severity, string Code, string Message, string Where = "", string Fix = "");
