namespace KextDev.Projects;

/// <summary>A manifest (a project or a guest file) says something that it may not. The message starts with "file:line: ", as compilers do.</summary>
public sealed class ManifestException : InfrastructureException
{
    public ManifestException(string file, int line, string keyPath, string problem, Exception? cause = null)
        : base(line > 0 ? $"{file}:{line}: {problem}" : $"{file}: {problem}", cause)
    {
        File = file;
        Line = line;
        KeyPath = keyPath;
    }

    /// <summary>The file as the caller named it.</summary>
    public string File { get; }

    /// <summary>1-based; 0 when the file as a whole is meant.</summary>
    public int Line { get; }

    /// <summary>Such as "tests[2].timeLimit"; empty for the top level.</summary>
    public string KeyPath { get; }
}
