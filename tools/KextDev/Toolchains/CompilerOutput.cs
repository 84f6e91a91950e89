using System.Text.RegularExpressions;

namespace KextDev.Toolchains;

/// <summary>Called with each line of the compilers, as it comes.</summary>
public delegate void CompilerLine(string line);

/// <summary>Collects what compilers say of the user's sources, and tells it on at once.</summary>
internal sealed partial class CompilerOutput(CompilerLine tell)
{
    // A failed build's message stays readable; the complete text was streamed before.
    private const int MostLinesInMessage = 40;

    private readonly List<string> _lines = [];
    private readonly Lock _gate = new();

    /// <summary>Takes the lines of one program in one piece, so that those of two compilers at once do not mix.</summary>
    public void Add(IEnumerable<string> lines)
    {
        lock (_gate)
        {
            foreach (var line in lines)
            {
                _lines.Add(line);
                tell(line);
            }
        }
    }

    /// <param name="outcome">What was not built, and the command to do it by hand.</param>
    /// <param name="otherwise">What else is known, for the case that no compiler said anything.</param>
    public BuildFailedException Failure(string outcome, IReadOnlyList<string> otherwise)
    {
        var first = _lines.FindIndex(line => Error().IsMatch(line));
        IReadOnlyList<string> told = first >= 0 ? _lines[first..] : [.. otherwise.TakeLast(MostLinesInMessage), .. _lines];
        var left = told.Count - MostLinesInMessage;
        string[] shown = [.. told.Take(MostLinesInMessage), .. left > 0 ? [$"({left} more lines)"] : Array.Empty<string>(), outcome];
        return new BuildFailedException(string.Join('\n', shown), [.. _lines]);
    }

    // gcc and clang: "file:3:5: error: ..."; modpost: "ERROR: modpost: ..."; the linker: "undefined reference"; the shell: "gcc-12: not found".
    [GeneratedRegex(@"\berror:|\bERROR:|undefined reference|: not found$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Error();
}
