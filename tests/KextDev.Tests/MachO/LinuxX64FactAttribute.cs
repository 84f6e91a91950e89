using System.Runtime.InteropServices;

namespace KextDev.Tests.MachO;

/// <summary>A test that runs x86_64 code in this process.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxX64FactAttribute : FactAttribute
{
    public LinuxX64FactAttribute()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            Skip = $"runs the linked x86_64 code, which {RuntimeInformation.RuntimeIdentifier} cannot";
        }
    }
}
