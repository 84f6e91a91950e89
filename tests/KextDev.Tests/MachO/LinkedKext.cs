using KextDev.MachO;

namespace KextDev.Tests.MachO;

/// <summary>Links and reads back.</summary>
internal static class LinkedKext
{
    public static byte[] Link(params LinkInput[] inputs)
    {
        var result = KextLinker.Link(new KextLinkRequest(inputs), CancellationToken.None);
        result.Diagnostics.ShouldBeEmpty();
        return result.File.ShouldNotBeNull();
    }

    public static MachOFile Read(byte[] kext)
    {
        var reading = MachOReader.Read(kext, "kext");
        reading.Diagnostics.ShouldBeEmpty();
        return reading.File.ShouldNotBeNull();
    }
}
