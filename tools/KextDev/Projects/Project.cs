namespace KextDev.Projects;

/// <summary>An extension under test: its sources, and the programs that test it. Every path is a full one.</summary>
/// <param name="Name">Safe as a file name.</param>
/// <param name="File">The manifest that this was read from.</param>
/// <param name="Guest">The guest that the project is tested in unless the user names another.</param>
/// <param name="Linux">How the Linux module is built.</param>
/// <param name="Programs">What the guest programs have in common.</param>
/// <param name="Tests">In the order in which they run.</param>
public sealed record Project(
    string Name, string File, string Guest, LinuxExtension Linux, GuestPrograms Programs, IReadOnlyList<TestDeclaration> Tests)
{
    /// <summary>The folder of the manifest: everything that is built lies in it.</summary>
    public string Folder => Path.GetDirectoryName(File)!;

    /// <summary>Reads kextdev.json, or the file of that name in a given folder.</summary>
    /// <exception cref="ManifestException">It cannot be read, or says something that it may not.</exception>
    public static Project Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, "kextdev.json") : path;
        return new ProjectReader(StrictJson.ReadLocated<ProjectManifest>(file)).Read();
    }
}

/// <param name="KbuildFolder">The folder with the module's Kbuild file; in the project's folder.</param>
/// <param name="Module">The module's name, without ".ko".</param>
/// <param name="Variants">Compiler flags of each variant, by its name.</param>
/// <param name="DefaultVariant">The one that is built when nobody asks for another.</param>
public sealed record LinuxExtension(
    string KbuildFolder, string Module, IReadOnlyDictionary<string, IReadOnlyList<string>> Variants, string DefaultVariant);

/// <param name="Flags">For the compiler; include paths are relative to the project's folder.</param>
/// <param name="Common">C sources that are linked into every program.</param>
/// <param name="Others">C sources of programs that are no tests, by the program's name.</param>
public sealed record GuestPrograms(IReadOnlyList<string> Flags, IReadOnlyList<string> Common, IReadOnlyDictionary<string, string> Others);

/// <param name="Name">Of the test and of its program; safe as a file name.</param>
/// <param name="Source">The C source with its main.</param>
/// <param name="Variant">The build of the extension that it tests.</param>
/// <param name="Extension">Whether the extension is loaded when the test starts.</param>
/// <param name="TimeLimit">Of one run.</param>
/// <param name="Arguments">For the program, in every plan.</param>
/// <param name="Plans">Further arguments, by the plan's name; empty: the test runs in every plan.</param>
public sealed record TestDeclaration(
    string Name,
    string Source,
    string Variant,
    ExtensionState Extension,
    TimeSpan TimeLimit,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Plans);

/// <summary>What a test finds when it starts.</summary>
public enum ExtensionState
{
    Loaded,

    /// <summary>The test loads the extension by itself.</summary>
    Unloaded,
}
