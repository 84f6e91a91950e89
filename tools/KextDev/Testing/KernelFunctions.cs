using System.Security.Cryptography;
using System.Text;
using KextDev.Debuggers.Linux;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Shells;
using KextDev.Toolchains;

namespace KextDev.Testing;

/// <summary>The names that a dead kernel cannot tell any more: learnt while it lives. Those of the kernel itself are kept, and read once for each build of it.</summary>
internal sealed class KernelFunctions(StateFolder state, BuiltExtension built)
{
    private const int KeyDigits = 16;
    private const string Functions = "grep ' [tTwW] ' /proc/kallsyms";

    private string? _kept;
    private ulong? _text;
    private (string Variant, LoadedModule Module)? _loaded;

    /// <summary>Learns where the kernel's own functions lie. A guest that hides that leaves them without names.</summary>
    /// <returns>Where they are kept; empty for such a guest.</returns>
    public async Task<string> LearnAsync(IGuest guest, GuestShell shell, CancellationToken cancellationToken)
    {
        // A kernel that stays where it is need not be asked.
        var (build, start) = guest is IKernelFile known
            ? (BuildOf(await known.GetKernelFileAsync(cancellationToken)), null)
            : await AskAsync(shell, cancellationToken);
        if (build is null)
        {
            return "";
        }

        var file = Path.Combine(state.Cache, "kernel-names", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(build)))[..KeyDigits]);
        if (!File.Exists(file))
        {
            var symbols = (await shell.RunAsync(Functions, cancellationToken)).Output;
            if (KernelSymbolTable.Parse(symbols) is null)
            {
                return "";
            }

            AtomicFile.Write(file, stream => stream.Write(Encoding.UTF8.GetBytes(symbols)));
        }

        (_kept, _text) = (file, start);
        return file;
    }

    private static string BuildOf(string kernel) => $"{kernel} {new FileInfo(kernel).Length}";

    // A kernel may choose another place at each start.
    private static async Task<(string? Build, ulong? Text)> AskAsync(GuestShell shell, CancellationToken cancellationToken) =>
        (await shell.RunAsync($"uname -rv; {KernelSymbolTable.FindText}", cancellationToken)).Output.Split('\n', 2) is [var build, var text]
        && KernelSymbolTable.Parse(text) is { Text: var start }
            ? (build, start)
            : (null, null);

    public void Learn(string variant, LoadedModule module) => _loaded = (variant, module);

    public FunctionNames Read() => new([.. ReadKernel(), .. ReadModule()]);

    private IEnumerable<NamedFunction> ReadKernel() => _kept is not null && KernelSymbolTable.Parse(File.ReadAllText(_kept)) is { } table
        ? table.Functions.Select(function => new NamedFunction(function.Address - table.Text + (_text ?? table.Text), function.Name, Module: null))
        : [];

    private IEnumerable<NamedFunction> ReadModule()
    {
        if (_loaded is not var (variant, loaded) || built.Images.GetValueOrDefault(variant) is not BuiltModule { Module: var module })
        {
            return [];
        }

        var file = ElfFile.Read(File.ReadAllBytes(module.Path));
        return
            from symbol in file.ReadSymbols()
            where symbol.Name.Length > 0 && loaded.Sections.ContainsKey(file.NameOf(symbol.Section))
            select new NamedFunction(loaded.Sections[file.NameOf(symbol.Section)] + symbol.Value, symbol.Name, module.Name);
    }
}
