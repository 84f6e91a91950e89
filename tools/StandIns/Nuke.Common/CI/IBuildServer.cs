namespace Nuke.Common.CI;

/// <summary>Marks a host that is a build server.</summary>
public interface IBuildServer
{
}
