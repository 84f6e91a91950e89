using KextDev.MachO.Linking;

namespace KextDev.MachO;

/// <summary>
/// Links x86_64 objects into a kext, as ld -kext does. Symbols that no input defines are imports: which kernel or kext provides them is
/// decided when the kext is loaded. Equal inputs give equal bytes.
/// </summary>
/// <remarks>
/// A process links once: what runs for each symbol or relocation is marked to be compiled with all optimizations at its first call.
/// </remarks>
public static class KextLinker
{
    public static KextLinkResult Link(KextLinkRequest request, CancellationToken cancellationToken)
    {
        var diagnostics = new DiagnosticBag();
        var loaded = ObjectLoader.Load(request.Inputs, diagnostics, cancellationToken);
        if (diagnostics.HasErrors)
        {
            return new KextLinkResult(null, diagnostics.Found);
        }

        var symbols = SymbolResolution.Resolve(loaded, diagnostics);
        cancellationToken.ThrowIfCancellationRequested();
        RelocationScan.Run(symbols, diagnostics, cancellationToken);
        var imports = symbols.Imports();
        CheckWeakImports(imports, diagnostics);
        var layout = diagnostics.HasErrors ? null : ImageLayout.Create(symbols, request.VersionMinimum, diagnostics);
        if (layout is null || diagnostics.HasErrors)
        {
            return new KextLinkResult(null, diagnostics.Found) { Imports = imports };
        }

        var linkEdit = LinkEdit.Plan(symbols, layout, request.WithDebugMap, cancellationToken);
        var file = new byte[linkEdit.End];
        RelocationPass.Run(symbols, layout, linkEdit, file, diagnostics, cancellationToken);
        if (diagnostics.HasErrors)
        {
            return new KextLinkResult(null, diagnostics.Found) { Imports = imports };
        }

        linkEdit.Write(file, cancellationToken);
        var uuid = ImageUuid.Compute(file, layout, linkEdit, cancellationToken);
        ImageCommands.Write(file, layout, linkEdit, uuid, request.VersionMinimum);
        return new KextLinkResult(file, diagnostics.Found) { Imports = imports, Uuid = uuid };
    }

    // The kernel gives an absent weak import this symbol's address, and loads no kext that could not compare with it.
    private static void CheckWeakImports(IReadOnlyList<LinkImport> imports, DiagnosticBag diagnostics)
    {
        const string Unresolved = "_gOSKextUnresolved";
        if (imports.FirstOrDefault(import => import.Weak) is { } weak && imports.All(import => import.Name != Unresolved))
        {
            diagnostics.Add(new LinkDiagnostic(
                "KL2013",
                LinkSeverity.Warning,
                $"'{weak.Name}' is imported weakly, but nothing refers to '{Unresolved}': the kernel refuses a kext that does not test for "
                + "what may be absent; test by OSKextSymbolIsResolved()",
                weak.Objects[0]));
        }
    }
}
