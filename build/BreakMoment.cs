/// <summary>When a kernel stops for its debugger. Nuke takes the names in any case.</summary>
internal enum BreakMoment
{
    Now,
    Panic,
}
