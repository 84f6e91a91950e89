using System.Globalization;
using System.Security.Cryptography;
using KextDev.Processes;
using KextDev.Toolchains;

namespace KextDev.Debuggers.Linux;

/// <summary>A kernel with the names of its functions, made of the file that boots and of what the running kernel tells: no debug package is needed.</summary>
public sealed class KernelSymbolFile(StateFolder state)
{
    private const string CodeSection = ".text";
    private const int KeyDigits = 16;

    /// <summary>Made once for each kernel.</summary>
    /// <param name="kernelFile">The bzImage.</param>
    /// <param name="text">Where the running kernel's code begins.</param>
    /// <param name="readSymbols">Reads all of the running kernel's symbols, some megabytes; called for a kernel that is met for the first time.</param>
    /// <exception cref="InfrastructureException">The kernel cannot be unpacked, or is another than the one that runs.</exception>
    public async Task<SlidKernel> GetAsync(string kernelFile, ulong text, Func<Task<KernelSymbolTable>> readSymbols, CancellationToken cancellationToken)
    {
        var content = await File.ReadAllBytesAsync(kernelFile, cancellationToken);
        var folder = Path.Combine(state.Cache, "kernel-symbols", Convert.ToHexStringLower(SHA256.HashData(content))[..KeyDigits]);
        var file = Path.Combine(folder, "vmlinux");
        if (!File.Exists(file))
        {
            await MakeAsync(kernelFile, await readSymbols(), file, cancellationToken);
        }

        return new SlidKernel(file, text - Code(file).Address);
    }

    private static async Task MakeAsync(string kernelFile, KernelSymbolTable symbols, string file, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var unfinished = $"{file}.{Guid.NewGuid():N}";
        var list = unfinished + ".symbols";
        try
        {
            await PackedKernel.UnpackAsync(kernelFile, unfinished, cancellationToken);
            await File.WriteAllLinesAsync(list, AddSymbols(symbols, Code(unfinished).Size), cancellationToken);
            await new HostCommand("objcopy", $"@{list}", unfinished).RunAsync(cancellationToken);
            File.Move(unfinished, file, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
            File.Delete(list);
        }
    }

    // Names are of letters, digits, "_", "." and "$" alone.
    private static IEnumerable<string> AddSymbols(KernelSymbolTable symbols, ulong size) =>
        from function in symbols.Functions
        where function.Address >= symbols.Text && function.Address - symbols.Text < size
        select string.Create(CultureInfo.InvariantCulture, $"--add-symbol {function.Name}={CodeSection}:0x{function.Address - symbols.Text:x},global,function");

    private static (ulong Address, ulong Size) Code(string file)
    {
        try
        {
            return ElfFile.Read(File.ReadAllBytes(file)).Place(CodeSection) ?? throw new InvalidDataException("it has no code");
        }
        catch (InvalidDataException exception)
        {
            throw new InfrastructureException($"The unpacked kernel {file} cannot be used: {exception.Message}. Delete it and try again.", exception);
        }
    }
}

/// <summary>A kernel's file, and where the kernel lies.</summary>
/// <param name="Slide">How far from the addresses in the file: 0 without address randomisation.</param>
public sealed record SlidKernel(string File, ulong Slide);
