using Nuke.Common;
using Nuke.Common.IO;
using Serilog;

namespace Packages.Tests.SampleBuild;

/// <summary>A component: its targets and parameters are default members.</summary>
internal interface ISampleComponent : INukeBuild
{
    [Parameter("Whom to greet")]
    string? Whom => TryGetValue(() => Whom);

    [Parameter("How many")]
    int? Count => TryGetValue<int?>(() => Count);

    [Parameter("How it looks")]
    SampleShape Shape => TryGetValue<SampleShape?>(() => Shape) ?? SampleShape.Round;

    [Parameter("Where it goes")]
    AbsolutePath? Place => TryGetValue(() => Place);

    Target ComponentTarget => _ => _
        .Description("Tells its parameters")
        .Executes(async () =>
        {
            await Task.Yield();
            Log.Information("{Count} {Shape} {Place}", Count, Shape, Place);
        });
}

internal enum SampleShape
{
    Round,
    Square,
}
