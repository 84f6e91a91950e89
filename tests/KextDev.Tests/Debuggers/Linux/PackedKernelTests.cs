using System.Buffers.Binary;
using System.IO.Compression;
using KextDev.Debuggers.Linux;

namespace KextDev.Tests.Debuggers.Linux;

public sealed class PackedKernelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_kernel_within_is_unpacked()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write("\u007fELF and the rest of a kernel"u8);
        }

        // The length of the unpacked kernel follows, at which gzip takes offence.
        var file = Path.Combine(_folder.Path, "vmlinuz");
        await File.WriteAllBytesAsync(file, Kernel([.. packed.ToArray(), 1, 2, 3, 4]));
        var vmlinux = Path.Combine(_folder.Path, "vmlinux");

        await PackedKernel.UnpackAsync(file, vmlinux, CancellationToken.None);

        (await File.ReadAllTextAsync(vmlinux)).ShouldBe("\u007fELF and the rest of a kernel");
        Directory.GetFiles(_folder.Path).Order().ShouldBe([vmlinux, file]);
    }

    [Fact]
    public async Task A_kernel_whose_packed_part_is_damaged_is_refused_by_name()
    {
        var file = Path.Combine(_folder.Path, "vmlinuz");
        await File.WriteAllBytesAsync(file, Kernel([0x1F, 0x8B, 0, 0, 0, 0, 0, 0]));

        var refusal = await Should.ThrowAsync<InfrastructureException>(PackedKernel.UnpackAsync(file, Path.Combine(_folder.Path, "vmlinux"), CancellationToken.None));

        refusal.Message.ShouldContain(file);
        refusal.Message.ShouldContain("gzip");
    }

    [Fact]
    public void What_is_no_kernel_or_is_cut_short_or_packed_otherwise_is_refused()
    {
        Refusal([]).ShouldContain("no setup header");
        Refusal(new byte[4096]).ShouldContain("no setup header");
        Refusal(Kernel([0x1F, 0x8B, 0, 0, 0, 0, 0, 0])[..^4]).ShouldContain("cut short");
        Refusal(Kernel("BZh9 and so on"u8)).ShouldContain("not known here");
    }

    private static string Refusal(byte[] file) => Should.Throw<InfrastructureException>(() => PackedKernel.FindPayload("vmlinuz", file)).Message;

    // One sector of setup after the boot sector, then the packed part.
    private static byte[] Kernel(ReadOnlySpan<byte> payload)
    {
        const int Setup = 1024;
        var file = new byte[Setup + payload.Length];
        file[0x1F1] = 1;
        "HdrS"u8.CopyTo(file.AsSpan(0x202));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(0x24C), (uint)payload.Length);
        payload.CopyTo(file.AsSpan(Setup));
        return file;
    }
}
