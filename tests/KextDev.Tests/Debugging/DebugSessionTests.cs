using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms.Darwin;
using KextDev.Projects;

namespace KextDev.Tests.Debugging;

public sealed class DebugSessionTests : IDisposable
{
    private const ulong TextAddress = 0xffffff8000200000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("embedded-darwin", DebugTransport.Gdb, BreakIn.Now, "by --transport gdb: its machine's gdb stub shows the Linux on which its kernel plays XNU")]
    [InlineData("embedded-darwin", DebugTransport.Kdp, BreakIn.Now, "by --transport kdp: ")]
    [InlineData("embedded", DebugTransport.Bridge, BreakIn.Now, "by --transport bridge: KDP is what macOS kernels speak, and this guest runs Linux")]
    [InlineData("vmx", null, BreakIn.Now, "the gdb stub of its machine is not switched on. ./build.sh VmConfigure --guest vmx")]
    [InlineData("vmx-stub", null, BreakIn.Boot, "VMware halts a machine at its start for a setting in its .vmx file alone")]
    [InlineData("ssh", null, BreakIn.Now, "its driver, ssh, serves no gdb stub")]
    public async Task What_a_guest_does_not_offer_is_refused_before_anything_is_built(string guest, DebugTransport? transport, BreakIn breakIn, string reason)
    {
        var state = new StateFolder(Path.Combine(_folder.Path, "state"));
        var options = new KernelDebugOptions
        {
            Project = Project.Load(Path.Combine(Repository.Root, "kext")),
            Guest = Define(guest),
            State = state,
            Folder = _folder.Path,
            Transport = transport,
            Break = breakIn,
        };
        await using var journal = new RunJournal(TimeProvider.System, []);

        var refusal = await Should.ThrowAsync<InfrastructureException>(DebugSession.OpenAsync(options, journal, CancellationToken.None));

        refusal.Message.ShouldStartWith($"No debugger can be opened on the guest {guest}");
        refusal.Message.ShouldContain(reason);
        Directory.Exists(state.Build).ShouldBeFalse();
    }

    [Fact]
    public void A_kernels_symbols_come_from_the_kit_that_has_its_uuid()
    {
        var kit = MakeKit("KDK_10.15.7_19H15.kdk", new Guid("00112233-4455-6677-8899-aabbccddeeff"));
        MakeKit("KDK_10.14.6_18G9323.kdk", Guid.NewGuid());

        var kernel = new DarwinKernelFile(kit: null, _folder.Path).Find(new Guid("00112233-4455-6677-8899-aabbccddeeff"), system: null).ShouldNotBeNull();

        kernel.File.ShouldBe(Path.Combine(kit, "System/Library/Kernels/kernel.development"));
        kernel.SymbolFile.ShouldBe(kernel.File + ".dSYM/Contents/Resources/DWARF/kernel.development");
        DarwinKernelFile.Slide(kernel, TextAddress + 0x4000000).Slide.ShouldBe(0x4000000ul);
    }

    [Fact]
    public void A_missing_kit_is_named_exactly_and_none_is_a_way_out()
    {
        MakeKit("KDK_10.14.6_18G9323.kdk", Guid.NewGuid());
        var system = new SwVers("Mac OS X", new Version(10, 15, 7), "19H15");

        var refusal = Should.Throw<InfrastructureException>(() => new DarwinKernelFile(kit: null, _folder.Path).Find(Guid.Empty, system));

        refusal.Message.ShouldContain("KDK_10.15.7_19H15.kdk");
        refusal.Message.ShouldContain("--kdk none");
        new DarwinKernelFile("none", _folder.Path).Find(Guid.Empty, system).ShouldBeNull();
    }

    // A thin Mach-O file of two load commands: LC_SEGMENT_64 __TEXT and LC_UUID.
    private string MakeKit(string name, Guid uuid)
    {
        var kit = _folder.Combine(name);
        var kernel = Path.Combine(kit, "System/Library/Kernels/kernel.development");
        var symbols = Path.Combine($"{kernel}.dSYM", "Contents/Resources/DWARF/kernel.development");
        Directory.CreateDirectory(Path.GetDirectoryName(symbols)!);
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        Words(writer, 0xfeedfacf, 0x01000007, 3, 2, 2, 72 + 24, 0, 0);
        Words(writer, 0x19, 72);
        writer.Write("__TEXT"u8);
        writer.Write(new byte[10]);
        writer.Write(TextAddress);
        writer.Write(new byte[72 - 32]);
        Words(writer, 0x1b, 24);
        writer.Write(uuid.ToByteArray(bigEndian: true));
        File.WriteAllBytes(kernel, bytes.ToArray());
        File.WriteAllBytes(symbols, bytes.ToArray());
        return kit;
    }

    private static void Words(BinaryWriter writer, params uint[] words) => Array.ForEach(words, writer.Write);

    private GuestDefinition Define(string guest)
    {
        if (guest.StartsWith("embedded", StringComparison.Ordinal))
        {
            return GuestDefinition.Find(guest, Path.Combine(Repository.Root, "vm"));
        }

        var file = _folder.Combine($"{guest}.json");
        var vmx = _folder.Combine("machine.vmx");
        File.WriteAllText(vmx, guest == "vmx-stub" ? "debugStub.listen.guest64 = \"TRUE\"\n" : "memsize = \"512\"\n");
        File.WriteAllText(
            file,
            guest == "ssh"
                ? """{ "driver": "ssh", "platform": "linux", "host": "192.0.2.1", "user": "root", "hostKey": "learn" }"""
                : """{ "driver": "vmware", "platform": "linux", "vmx": "machine.vmx", "user": "root", "hostKey": "learn" }""");
        return GuestDefinition.Read(file);
    }
}
