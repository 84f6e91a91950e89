using KextDev.Hosts;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>Runs where Debian's lldb is.</summary>
internal sealed class LldbFactAttribute : FactAttribute
{
    public const string Program = "lldb-19";

    public LldbFactAttribute()
    {
        if (ProgramPath.Find(Program) is null)
        {
            Skip = $"There is no {Program} on this machine.";
        }
    }
}
