using Nuke.Common;

/// <summary>The targets of this repository, and of every project that brings a kextdev.json. Each interface is one capability.</summary>
internal sealed class Build : NukeBuild, IKernelTest, IKernelLog, IKernelDebug, IKernelSymbolicate, IKernelBenchmark, IPackage, IVmProvision, IKernelConfigureTarget, IKdpBridge, IKdpReceive, IDevelop
{
    public static int Main(string[] args)
    {
        // Programs read standard output then: what Nuke and the targets say goes to people.
        if (args.Contains("--json", StringComparer.OrdinalIgnoreCase))
        {
            Console.SetOut(Console.Error);
        }

        return CommandLine.Check(typeof(Build), args) ?? Execute<Build>(build => ((IKernelTest)build).KernelTest);
    }
}
