namespace KextDev.MachO;

public enum LinkSeverity
{
    Error,
    Warning,
}

/// <summary>Something that was noticed in an object, an archive or a kext, or while linking.</summary>
/// <param name="Code">KL1001.. for reading, KL2001.. for linking. A code keeps its meaning.</param>
/// <param name="Place">File, for an archive its member in parentheses, and as far as it is known section and offset.</param>
public sealed record LinkDiagnostic(string Code, LinkSeverity Severity, string Message, string Place)
{
    public override string ToString() => $"{Place}: {(Severity == LinkSeverity.Error ? "error" : "warning")}: {Message} [{Code}]";
}
