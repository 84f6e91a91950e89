using Nuke.Common;
using Nuke.Common.IO;

namespace KextDev.BuildTests;

/// <summary>Targets and parameters of every kind that the command line can name. Nothing of it ever runs.</summary>
internal sealed class SampleTargets : NukeBuild, ISampleParameters
{
    [Parameter("A list", Separator = ",")]
    public int[]? Sizes { get; set; }

    [Parameter("A flag")]
    public bool KeepGuest { get; set; }

    [Parameter("Another name", Name = "Renamed")]
    public string? Original { get; set; }

    public Target KernelTest => _ => _;

    public Target KernelTestLoad => _ => _;
}

internal interface ISampleParameters : INukeBuild
{
    [Parameter("A text")]
    string? Guest => TryGetValue(() => Guest);

    [Parameter("A number")]
    int? Times => TryGetValue<int?>(() => Times);

    [Parameter("A duration")]
    TimeSpan? Pause => TryGetValue<TimeSpan?>(() => Pause);

    [Parameter("A path")]
    AbsolutePath? Place => TryGetValue(() => Place);

    [Parameter("A choice")]
    SampleMode? Mode => TryGetValue<SampleMode?>(() => Mode);

    Target VmUp => _ => _;
}

internal enum SampleMode
{
    Quick,
    Full,
}
