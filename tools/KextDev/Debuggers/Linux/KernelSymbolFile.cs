using System.Globalization;
using System.Security.Cryptography;
using KextDev.Debuggers.Lldb;
using KextDev.Processes;
using KextDev.Toolchains;

namespace KextDev.Debuggers.Linux;

/// <summary>
/// A kernel with the names of its functions and the ways to their callers, made of the file that boots and of what the running kernel tells: no debug package is
/// needed.
/// </summary>
public sealed class KernelSymbolFile(StateFolder state)
{
    private const int KeyDigits = 16;

    // The second is used at the start alone.
    private static readonly string[] CodeSections = [".text", ".init.text"];

    /// <summary>Made once for each kernel.</summary>
    /// <param name="kernelFile">The bzImage.</param>
    /// <param name="text">Where the running kernel's code begins.</param>
    /// <param name="readSymbols">Reads all of the running kernel's symbols, some megabytes; called for a kernel that is met for the first time.</param>
    /// <exception cref="InfrastructureException">The kernel cannot be unpacked, or is another than the one that runs.</exception>
    public async Task<SlidImage> GetAsync(string kernelFile, ulong text, Func<Task<KernelSymbolTable>> readSymbols, CancellationToken cancellationToken)
    {
        var content = await File.ReadAllBytesAsync(kernelFile, cancellationToken);
        var folder = Path.Combine(state.Cache, "kernel-symbols", Convert.ToHexStringLower(SHA256.HashData(content))[..KeyDigits]);
        var file = Path.Combine(folder, "vmlinux");
        if (!File.Exists(file))
        {
            await MakeAsync(kernelFile, await readSymbols(), file, cancellationToken);
        }

        return new SlidImage(file, SymbolFile: null, text - Code(Open(file)).Address);
    }

    private static async Task MakeAsync(string kernelFile, KernelSymbolTable symbols, string file, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var unfinished = $"{file}.{Guid.NewGuid():N}";
        var list = unfinished + ".symbols";
        var frames = unfinished + ".frames";
        try
        {
            await PackedKernel.UnpackAsync(kernelFile, unfinished, cancellationToken);
            var kernel = Open(unfinished);
            await File.WriteAllLinesAsync(list, AddSymbols(symbols, kernel), cancellationToken);
            await File.WriteAllBytesAsync(frames, WriteFrames(symbols, kernel, unfinished), cancellationToken);
            await new HostCommand("objcopy", $"@{list}", $"--add-section=.debug_frame={frames}", unfinished).RunAsync(cancellationToken);
            File.Move(unfinished, file, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
            File.Delete(list);
            File.Delete(frames);
        }
    }

    // Debuggers look functions up by their symbols: a function is what lies between two of them.
    private static byte[] WriteFrames(KernelSymbolTable symbols, ElfFile kernel, string file)
    {
        var slide = symbols.Text - Code(kernel).Address;
        try
        {
            var sections = CodeSections.Where(name => kernel.Place(name) is not null).Select(name => new CodeSection(kernel.Place(name)!.Value.Address, kernel.Section(name)!.Value)).ToList();
            var functions = symbols.Functions.Select(function => function.Address - slide).Where(address => sections.Any(section => section.Holds(address)))
                .Concat(sections.Select(section => section.End)).Distinct().Order().ToList();
            return CallFrames.Write(OrcTable.Read(kernel), functions, (address, size) => sections.Find(section => section.Holds(address))?.Read(address, size) ?? default);
        }
        catch (InvalidDataException exception)
        {
            throw new InfrastructureException($"The unpacked kernel {file} cannot be used: {exception.Message}. Fetch the kernel again.", exception);
        }
    }

    // Names are of letters, digits, "_", "." and "$" alone.
    private static IEnumerable<string> AddSymbols(KernelSymbolTable symbols, ElfFile file)
    {
        var slide = symbols.Text - Code(file).Address;
        return
            from section in CodeSections
            let place = file.Place(section)
            where place is not null
            from function in symbols.Functions
            let offset = function.Address - slide - place.Value.Address
            where offset < place.Value.Size
            select string.Create(CultureInfo.InvariantCulture, $"--add-symbol {function.Name}={section}:0x{offset:x},global,function");
    }

    private static (ulong Address, ulong Size) Code(ElfFile file) => file.Place(CodeSections[0]) ?? throw new InvalidDataException("it has no code");

    private static ElfFile Open(string file)
    {
        try
        {
            var read = ElfFile.Read(File.ReadAllBytes(file));
            _ = Code(read);
            return read;
        }
        catch (InvalidDataException exception)
        {
            throw new InfrastructureException($"The unpacked kernel {file} cannot be used: {exception.Message}. Delete it and try again.", exception);
        }
    }

    private sealed record CodeSection(ulong Address, ReadOnlyMemory<byte> Content)
    {
        public ulong End => Address + (ulong)Content.Length;

        public bool Holds(ulong address) => address >= Address && address < End;

        public ReadOnlyMemory<byte> Read(ulong address, int size) => End - address >= (ulong)size ? Content.Slice((int)(address - Address), size) : default;
    }
}
