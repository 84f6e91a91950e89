using VmrunStandIn;

// vmrun's status of a failure is -1, of which POSIX shows the last eight bits.
const int Failure = 255;

try
{
    new Commands(CommandLine.Parse(args)).Run();
    return 0;
}
catch (VmrunError error)
{
    Console.WriteLine($"Error: {error.Message}");
    return error.ExitCode;
}
catch (UsageError error)
{
    Console.WriteLine($"{error.Message}\n\nUsage: vmrun [AUTHENTICATION-FLAGS] COMMAND [PARAMETERS]");
    return Failure;
}

namespace VmrunStandIn
{
    /// <summary>Told as vmrun tells it: on standard output, after "Error: ".</summary>
    internal sealed class VmrunError(string message, int exitCode = 255) : Exception(message)
    {
        public int ExitCode { get; } = exitCode;
    }

    internal sealed class UsageError(string message) : Exception(message);
}
