namespace KextDev.MachO;

public enum LinkSeverity
{
    Error,
    Warning,
}

/// <summary>Something that was noticed in an object, an archive or a kext, or while linking.</summary>
/// <param name="Code">KL1001.. for reading, KL2001.. for linking. A code keeps its meaning.</param>
/// <param name="Place">File, for an archive its member in parentheses, and as far as it is known section and offset.</param>
/// <remarks>
/// Reading: 1001 no Mach-O file, 1003 malformed load command, 1004 a table reaches out of the file, 1005 tables overlap, 1006 fat header,
/// 1007 archive, 1008 symbol without a name, 1009 symbol outside of its section, 1010 names overlap.
/// Linking: 2001 no object for x86_64, 2002 duplicate symbol, 2003 kmod_info, 2004 section that a kext cannot have, 2005 such a symbol,
/// 2006 such a relocation, 2007 malformed relocation, 2008 direct reference to data that nothing defines, 2009 distance of more than 2 GiB,
/// 2010 too large, 2011 nothing to link, 2012 reference to what stays out of the kext, 2013 weak imports that nothing tests.
/// </remarks>
public sealed record LinkDiagnostic(string Code, LinkSeverity Severity, string Message, string Place)
{
    public override string ToString() => $"{Place}: {(Severity == LinkSeverity.Error ? "error" : "warning")}: {Message} [{Code}]";
}
