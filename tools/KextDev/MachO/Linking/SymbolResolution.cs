using System.Runtime.CompilerServices;
using System.Text;

namespace KextDev.MachO.Linking;

/// <summary>
/// Which objects are linked and which definition each name gets. In the order of the inputs, on one thread: equal inputs, equal outcome.
/// </summary>
internal sealed class SymbolResolution
{
    private readonly List<ObjectFile> _objects = [];
    private readonly Queue<int> _wanted = new();
    private readonly SymbolTable _table;
    private readonly DiagnosticBag _diagnostics;

    private SymbolResolution(SymbolTable table, DiagnosticBag diagnostics)
    {
        _table = table;
        _diagnostics = diagnostics;
    }

    /// <summary>What is linked, library members last.</summary>
    public IReadOnlyList<ObjectFile> Objects => _objects;

    public SymbolTable Table => _table;

    public static SymbolResolution Resolve(ObjectFile[] loaded, DiagnosticBag diagnostics)
    {
        var resolution = new SymbolResolution(new SymbolTable(loaded), diagnostics);
        foreach (var library in loaded.Where(file => file.IsLibrary))
        {
            resolution.Offer(library);
        }

        foreach (var file in loaded.Where(file => !file.IsLibrary))
        {
            resolution.Link(file);
        }

        var kmodName = Encoding.ASCII.GetBytes(KmodInfo.SymbolName);
        if (resolution._table.Find(kmodName) is >= 0 and var kmodInfo)
        {
            resolution.Want(kmodInfo);
        }

        while (resolution._wanted.TryDequeue(out var wanted))
        {
            var provider = loaded[resolution._table[wanted].Provider];
            if (resolution._table[wanted].IsImport && !provider.IsLinked)
            {
                resolution.Link(provider);
            }
        }

        resolution.DefineImageStart();
        resolution.CheckKmodInfo(loaded, resolution._table.Find(kmodName));
        return resolution;
    }

    /// <summary>The undefined names that the image needs, sorted, each with its objects.</summary>
    public IReadOnlyList<LinkImport> Imports()
    {
        var objects = new Dictionary<int, List<string>>();
        foreach (var file in _objects)
        {
            foreach (var symbol in file.Globals)
            {
                if (symbol < 0 || !_table[symbol].IsUsedImport)
                {
                    continue;
                }

                if (!objects.TryGetValue(symbol, out var names))
                {
                    objects.Add(symbol, names = []);
                }

                if (names.Count == 0 || names[^1] != file.Name)
                {
                    names.Add(file.Name);
                }
            }
        }

        return
        [
            .. objects.Select(entry => new LinkImport(_table.TextOf(entry.Key), !_table[entry.Key].HasStrongReference, entry.Value))
                .OrderBy(import => import.Name, StringComparer.Ordinal),
        ];
    }

    // C++ names the start of its image by this when it registers destructors; every linker defines it.
    private void DefineImageStart()
    {
        if (_table.Find("___dso_handle"u8) is >= 0 and var name && _table[name].IsImport)
        {
            ref var start = ref _table[name];
            (start.Definition, start.IsPrivate, start.Section) = (Definition.Strong, true, 1);
        }
    }

    private void Offer(ObjectFile library)
    {
        var symbols = library.Symbols;
        for (var index = 0; index < symbols.Length; index++)
        {
            if (symbols[index].IsExternal && !symbols[index].IsUndefined)
            {
                ref var global = ref _table[_table.GetOrAdd(library, index)];
                global.Provider = global.Provider < 0 ? library.Ordinal : global.Provider;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Link(ObjectFile file)
    {
        file.IsLinked = true;
        _objects.Add(file);
        var symbols = file.Symbols;
        for (var index = 0; index < symbols.Length; index++)
        {
            ref readonly var symbol = ref symbols[index];
            if (symbol.IsExternal && (!symbol.IsDefinedInSection || file.IsKept(symbol)))
            {
                var global = _table.GetOrAdd(file, index);
                file.Globals[index] = global;
                Merge(global, file, index, symbol);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Merge(int name, ObjectFile file, int index, in Symbol symbol)
    {
        ref var global = ref _table[name];
        if (symbol.IsUndefined)
        {
            global.HasStrongReference |= !symbol.IsWeakReference;
            Want(name);
            return;
        }

        var definition = symbol.IsCommon ? Definition.Common : symbol.IsWeakDefinition ? Definition.Weak : Definition.Strong;
        if (definition == Definition.Strong && global.Definition == Definition.Strong)
        {
            _diagnostics.Error(
                "KL2002",
                $"symbol '{_table.TextOf(name)}' is defined twice: here and in {_table.File(global.Definer).Name}. "
                + "Rename one, make it static, or leave one object out",
                file.Name);
            return;
        }

        if (definition == Definition.Common && global.Definition == Definition.Common)
        {
            global.CommonAlignment = Math.Max(global.CommonAlignment, AlignmentOf(symbol));
            if (symbol.Value <= global.CommonSize)
            {
                global.IsPrivate &= symbol.IsPrivateExternal;
                return;
            }
        }
        else if (definition <= global.Definition)
        {
            // Equal weak definitions are coalesced into the first one; it is as visible as the most visible of them.
            global.IsPrivate &= definition != global.Definition || symbol.IsPrivateExternal;
            return;
        }

        global.IsPrivate = symbol.IsPrivateExternal && (global.Definition != definition || global.IsPrivate);
        global.Definition = definition;
        global.Definer = file.Ordinal;
        global.DefinerSymbol = index;
        global.IsAbsolute = symbol.IsAbsolute;
        if (definition == Definition.Common)
        {
            global.CommonSize = symbol.Value;
            global.CommonAlignment = Math.Max(global.CommonAlignment, AlignmentOf(symbol));
        }
    }

    // Where the compiler says nothing: natural alignment, at most 16 bytes.
    private static byte AlignmentOf(in Symbol common) =>
        (byte)(common.CommonAlignment > 0 ? Math.Min(common.CommonAlignment, ImageLayout.PageAlignment) : (int)Math.Min(4, ulong.Log2(common.Value)));

    private void Want(int name)
    {
        ref var global = ref _table[name];
        if (global is { IsImport: true, IsWanted: false, Provider: >= 0 })
        {
            global.IsWanted = true;
            _wanted.Enqueue(name);
        }
    }

    private void CheckKmodInfo(ObjectFile[] loaded, int kmodInfo)
    {
        if (loaded.Length == 0)
        {
            _diagnostics.Error("KL2011", "there is no object to link; name at least one", "");
        }
        else if (kmodInfo < 0 || _table[kmodInfo].IsImport)
        {
            _diagnostics.Error(
                "KL2003",
                $"no object defines '{KmodInfo.SymbolName}', without which the kernel loads nothing; "
                + "define it by KMOD_EXPLICIT_DECL(identifier, version, start, stop)",
                _objects.Count > 0 ? _objects[0].Name : loaded[0].Name);
        }
        else if (_table.File(_table[kmodInfo].Definer) is var definer
            && definer.Symbols[_table[kmodInfo].DefinerSymbol] is var symbol
            && !(symbol.IsDefinedInSection && definer.SectionOf(symbol).Header is { Segment: "__DATA", IsZeroFill: false } section
                && section.Size - (symbol.Value - section.Address) >= KmodInfo.Size))
        {
            _diagnostics.Error(
                "KL2003",
                $"'{KmodInfo.SymbolName}' is not {KmodInfo.Size} bytes of initialized data in __DATA, where the kernel writes to it; "
                + "define it by KMOD_EXPLICIT_DECL",
                definer.Name);
        }
    }
}
