using System.Buffers.Binary;
using System.Text;

namespace KextDev.Toolchains;

/// <summary>What a Linux module says of itself.</summary>
/// <param name="Name">As lsmod shows it.</param>
/// <param name="Vermagic">"6.1.0-56-cloud-amd64 SMP preempt mod_unload modversions": the kernel compares it with its own.</param>
/// <param name="BuildId">Hexadecimal digits of the linker's build id; null when the module has none.</param>
internal sealed record ModuleInfo(string Name, string Vermagic, string? BuildId)
{
    // Note: sizes of name and description, type 3 (NT_GNU_BUILD_ID), then the name "GNU" and the description, padded to 4.
    private const int NoteHeaderSize = 12;
    private const uint BuildIdNote = 3;

    /// <param name="module">The content of a .ko file.</param>
    /// <exception cref="InvalidDataException">It is no module, or is damaged; the message says how.</exception>
    public static ModuleInfo Read(ReadOnlyMemory<byte> module)
    {
        var elf = ElfFile.Read(module);
        var content = elf.Section(".modinfo") ?? throw new InvalidDataException("it has no section .modinfo, so it is no Linux module");
        var fields = Encoding.UTF8.GetString(content.Span).Split('\0');
        return new ModuleInfo(Field("name"), Field("vermagic").TrimEnd(), ReadBuildId(elf.Section(".note.gnu.build-id") ?? default));

        string Field(string key) =>
            fields.FirstOrDefault(field => field.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..]
            ?? throw new InvalidDataException($"its section .modinfo has no {key}");
    }

    private static string? ReadBuildId(ReadOnlyMemory<byte> section)
    {
        var note = section.Span;
        if (note.Length < NoteHeaderSize)
        {
            return null;
        }

        var nameSize = BinaryPrimitives.ReadUInt32LittleEndian(note);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(note[4..]);
        var type = BinaryPrimitives.ReadUInt32LittleEndian(note[8..]);
        var start = NoteHeaderSize + (((ulong)nameSize + 3) & ~3UL);
        return type == BuildIdNote && start + size <= (ulong)note.Length ? Convert.ToHexStringLower(note.Slice((int)start, (int)size)) : null;
    }
}
