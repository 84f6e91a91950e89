namespace Nuke.Common;

/// <summary>A user's terminal, or anything else that is no known build server.</summary>
public class Terminal : Host
{
    internal Terminal()
    {
    }
}
