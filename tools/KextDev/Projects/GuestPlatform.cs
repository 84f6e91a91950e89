namespace KextDev.Projects;

/// <summary>The systems that extensions are built for, and that guests run.</summary>
public enum GuestPlatform
{
    /// <summary>Linux modules.</summary>
    Linux,

    /// <summary>Kernel extensions of macOS.</summary>
    Darwin,
}
