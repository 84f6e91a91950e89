namespace KextDev.Toolchains.Darwin;

public enum BuildConfiguration
{
    /// <summary>-O0, DEBUG is defined; the executable keeps the debug map.</summary>
    Debug,

    /// <summary>-Os, NDEBUG is defined; what debuggers need is in the dSYM alone.</summary>
    Release,
}
