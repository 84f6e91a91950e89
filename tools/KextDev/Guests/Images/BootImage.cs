namespace KextDev.Guests.Images;

/// <summary>What a machine boots.</summary>
/// <param name="KernelRelease">As uname -r will tell it.</param>
/// <param name="Key">Names the content: images of the same key are the same.</param>
public sealed record BootImage(string Kernel, string Initrd, string KernelRelease, string Key);
