namespace KextDev.MachO;

/// <summary>Collects diagnostics, and stops counting when a hostile file would yield millions. Not safe for two threads.</summary>
internal sealed class DiagnosticBag
{
    private const int Limit = 100;

    private readonly List<LinkDiagnostic> _found = [];

    public IReadOnlyList<LinkDiagnostic> Found => _found;

    public bool HasErrors { get; private set; }

    public bool IsFull => _found.Count >= Limit;

    public void Error(string code, string message, string place)
    {
        HasErrors = true;
        Add(new LinkDiagnostic(code, LinkSeverity.Error, message, place));
    }

    public void Add(LinkDiagnostic diagnostic)
    {
        HasErrors |= diagnostic.Severity == LinkSeverity.Error;
        if (!IsFull)
        {
            _found.Add(diagnostic with { Message = Printable(diagnostic.Message), Place = Printable(diagnostic.Place) });
        }
    }

    public void AddRange(DiagnosticBag other)
    {
        foreach (var diagnostic in other._found)
        {
            Add(diagnostic);
        }
    }

    // Names come from files, and end up on a terminal.
    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(character => char.IsControl(character) ? '?' : character)) : text;
}
