namespace KextDev.Toolchains;

/// <summary>A program that runs in the guest, built for it.</summary>
/// <param name="Name">Of the test, or of the other program.</param>
/// <param name="Path">Full path of the executable.</param>
public sealed record GuestProgram(string Name, string Path);
