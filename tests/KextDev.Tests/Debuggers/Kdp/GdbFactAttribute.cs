using KextDev.Hosts;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>Runs where gdb is.</summary>
internal sealed class GdbFactAttribute : FactAttribute
{
    public const string Program = "gdb";

    public GdbFactAttribute()
    {
        if (ProgramPath.Find(Program) is null)
        {
            Skip = $"There is no {Program} on this machine.";
        }
    }
}
