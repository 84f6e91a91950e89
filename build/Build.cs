using Nuke.Common;

/// <summary>The targets of this repository, and of every project that brings a kextdev.json. Each interface is one capability.</summary>
internal sealed class Build : NukeBuild, IKernelTest, IKernelBenchmark, IVm, IDevelop
{
    public static int Main(string[] args) => CommandLine.Check(typeof(Build), args) ?? Execute<Build>(build => ((IKernelTest)build).KernelTest);
}
