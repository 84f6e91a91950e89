namespace KextDev.Platforms;

/// <summary>What a kernel holds at one moment: of each thing that an extension may leave behind, how much there is.</summary>
/// <param name="Kinds">Those that the system tells; a system that hides one leaves it out.</param>
/// <param name="Owners">Bytes by who holds them, as the system names them: they say whose growth it is, and decide nothing.</param>
public sealed record KernelHoldings(IReadOnlyList<Holding> Kinds, IReadOnlyDictionary<string, long> Owners);

/// <summary>How much there is of one thing.</summary>
/// <param name="Name">In the plural, for people: "open files".</param>
/// <param name="Unit">"KiB"; empty for what is counted.</param>
/// <param name="Noise">What it may grow by between two moments without anybody's leaking: what is below says nothing.</param>
public sealed record Holding(string Name, string Unit, long Amount, long Noise);
