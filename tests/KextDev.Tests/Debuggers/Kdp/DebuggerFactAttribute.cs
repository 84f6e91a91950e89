using KextDev.Hosts;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>Runs where a debugger is.</summary>
internal sealed class DebuggerFactAttribute : FactAttribute
{
    public const string Gdb = "gdb";

    /// <summary>Debian's.</summary>
    public const string Lldb = "lldb-19";

    public DebuggerFactAttribute(string program)
    {
        if (ProgramPath.Find(program) is null)
        {
            Skip = $"There is no {program} on this machine.";
        }
    }
}
