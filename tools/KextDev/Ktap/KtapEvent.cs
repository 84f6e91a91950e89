namespace KextDev.Ktap;

/// <summary>Something that a test program reported on its standard output.</summary>
public abstract record KtapEvent;

/// <summary>"1..4": how many cases will follow.</summary>
public sealed record KtapPlan(int Count) : KtapEvent;

/// <summary>"ok 1 name", "not ok 2 name # reason", "ok 3 name # SKIP reason".</summary>
/// <param name="Reason">What stands behind the '#'; null when nothing does.</param>
public sealed record KtapCase(int Number, string Name, bool Ok, bool Skipped, string? Reason) : KtapEvent;

/// <summary>"# figure events/s 812345".</summary>
public sealed record KtapFigure(string Name, double Value) : KtapEvent;

/// <summary>"# progress 40/100", in the test's own unit.</summary>
public sealed record KtapProgress(long Done, long Total) : KtapEvent;

/// <summary>Any other line that begins with '#', without it.</summary>
public sealed record KtapDiagnostic(string Text) : KtapEvent;

/// <summary>"Bail out! reason": the program gives up.</summary>
public sealed record KtapBailOut(string Reason) : KtapEvent;

/// <summary>A line that was meant as KTAP and is wrong.</summary>
/// <param name="Problem">One sentence.</param>
public sealed record KtapMalformed(string Line, string Problem) : KtapEvent;

/// <summary>What a program's whole output came to.</summary>
/// <param name="Passed">A plan was printed and kept, and no case failed.</param>
/// <param name="Failure">Why not, in a sentence; null when it passed.</param>
public sealed record KtapResult(bool Passed, string? Failure, int OkCases, int FailedCases, int SkippedCases);
