namespace Nuke.Common;

/// <summary>How much is printed. Minimal shows warnings and errors, Quiet errors only.</summary>
public enum Verbosity
{
    Verbose,
    Normal,
    Minimal,
    Quiet,
}
