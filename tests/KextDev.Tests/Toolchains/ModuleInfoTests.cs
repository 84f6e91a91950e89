using System.Buffers.Binary;
using KextDev.Processes;
using KextDev.Toolchains;

namespace KextDev.Tests.Toolchains;

public sealed class ModuleInfoTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-").FullName;
    private byte[] _module = [];

    // A relocatable object with the two sections that matter, made by the real assembler.
    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "m.s"),
            """
            .section .modinfo,"a"
            .asciz "license=GPL"
            .asciz "name=sample"
            .asciz "vermagic=6.1.0-56-cloud-amd64 SMP preempt mod_unload modversions "
            .section .note.gnu.build-id,"a"
            .long 4, 4, 3
            .asciz "GNU"
            .byte 0xde, 0xad, 0xbe, 0xef
            """);
        await new HostCommand("as", "-o", FileOf("m.ko"), FileOf("m.s")).RunAsync(CancellationToken.None);
        _module = await File.ReadAllBytesAsync(FileOf("m.ko"));
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public void Reads_name_vermagic_and_build_id() =>
        ModuleInfo.Read(_module).ShouldBe(new ModuleInfo("sample", "6.1.0-56-cloud-amd64 SMP preempt mod_unload modversions", "deadbeef"));

    [Fact]
    public void Refuses_every_truncation_of_a_module()
    {
        for (var length = 0; length < _module.Length; length++)
        {
            Should.Throw<InvalidDataException>(() => ModuleInfo.Read(_module.AsMemory(0, length)), $"cut after {length} bytes");
        }
    }

    [Fact]
    public void Survives_every_single_byte_being_wrong()
    {
        for (var position = 0; position < _module.Length; position++)
        {
            foreach (byte value in (byte[])[0x00, 0x7f, 0xff])
            {
                var damaged = (byte[])_module.Clone();
                damaged[position] = value;
                try
                {
                    ModuleInfo.Read(damaged);
                }
                catch (InvalidDataException)
                {
                    // The only exception that a damaged file may cause.
                }
            }
        }
    }

    [Theory]
    [InlineData(0x28, 8, ulong.MaxValue)]
    [InlineData(0x28, 8, ulong.MaxValue - 63)]
    [InlineData(0x3A, 2, 0UL)]
    [InlineData(0x3A, 2, 1UL)]
    [InlineData(0x3C, 2, 0xffffUL)]
    [InlineData(0x3E, 2, 0xffffUL)]
    public void Refuses_a_header_that_points_outside(int position, int size, ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        bytes.AsSpan(0, size).CopyTo(_module.AsSpan(position));

        Should.Throw<InvalidDataException>(() => ModuleInfo.Read(_module));
    }

    [Fact]
    public void Refuses_a_module_without_vermagic()
    {
        _module.AsSpan().IndexOf("vermagic="u8).ShouldBePositive();
        _module[_module.AsSpan().IndexOf("vermagic="u8)] = (byte)'w';

        Should.Throw<InvalidDataException>(() => ModuleInfo.Read(_module)).Message.ShouldBe("its section .modinfo has no vermagic");
    }

    [Fact]
    public void A_module_knows_the_kernel_that_it_was_built_for() =>
        LinuxModule.Read(FileOf("m.ko"), "normal").Release.ShouldBe("6.1.0-56-cloud-amd64");

    [Fact]
    public void Names_the_file_that_is_no_module()
    {
        File.WriteAllText(FileOf("text.ko"), "hello");

        Should.Throw<InfrastructureException>(() => LinuxModule.Read(FileOf("text.ko"), "normal")).Message
            .ShouldBe($"{FileOf("text.ko")} cannot be used as a module: it is no 64-bit little-endian ELF file. Delete it and build again.");
        Should.Throw<InfrastructureException>(() => LinuxModule.Read(FileOf("absent.ko"), "normal")).Message.ShouldContain("cannot be read");
    }

    private string FileOf(string name) => Path.Combine(_folder, name);
}
