using KextDev.Processes;

namespace KextDev;

/// <summary>There is no room for what had to be written.</summary>
public sealed class DiskFullException(string path, Exception cause) : InfrastructureException(
    $"{path} could not be written: the disk is full. Free some space and try again; ./build.sh Clean removes what can be made again.", cause)
{
    /// <summary>ENOSPC.</summary>
    private const int NoSpaceLeft = 28;

    public static bool Explains(IOException exception) => exception.HResult == NoSpaceLeft;

    /// <summary>Whether a program failed for this reason, in the words of apt, dpkg and the C library.</summary>
    public static bool Explains(HostCommandException exception) =>
        exception.Message.Contains("No space left on device", StringComparison.Ordinal)
        || exception.Message.Contains("enough free space", StringComparison.Ordinal);
}
