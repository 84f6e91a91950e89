namespace KextDev.Toolchains;

/// <summary>What it takes to build modules for one kernel: its headers package, unpacked anywhere.</summary>
/// <param name="Release">As <c>uname -r</c> prints it in a guest that runs this kernel: "6.1.0-56-cloud-amd64".</param>
/// <param name="ObjectFolder">The configured tree (.config, Module.symvers): usr/src/linux-headers-RELEASE.</param>
/// <param name="SourceFolder">The tree with the kernel's Makefile: usr/src/linux-headers-VERSION-common on Debian; may be the object folder itself.</param>
public sealed record KernelTree(string Release, string ObjectFolder, string SourceFolder);
