using KextDev.Bundles;

namespace KextDev.Projects;

/// <summary>An extension under test: its sources, and the programs that test it. Every path is a full one.</summary>
/// <param name="Name">Safe as a file name.</param>
/// <param name="File">The manifest that this was read from.</param>
/// <param name="Linux">How the Linux module is built; null when the project has none.</param>
/// <param name="Darwin">How the macOS kext is built; null when the project has none. One of the two is there.</param>
/// <param name="Programs">What the guest programs have in common.</param>
/// <param name="Tests">In the order in which they run.</param>
public sealed record Project(
    string Name, string File, LinuxExtension? Linux, DarwinExtension? Darwin, GuestPrograms Programs,
    IReadOnlyList<TestDeclaration> Tests)
{
    /// <summary>The folder of the manifest: everything that is built lies in it.</summary>
    public string Folder => Path.GetDirectoryName(File)!;

    /// <summary>The systems that the extension is built for; one at least.</summary>
    public IReadOnlyList<GuestPlatform> Platforms =>
        [.. Enum.GetValues<GuestPlatform>().Where(platform => platform == GuestPlatform.Linux ? Linux is not null : Darwin is not null)];

    /// <summary>The build of the extension that is meant when nobody asks for another: the same on every system.</summary>
    public string DefaultVariant => Linux?.DefaultVariant ?? RequireDarwin().DefaultVariant;

    /// <summary>The name by which the system's kernel knows the extension.</summary>
    /// <exception cref="InfrastructureException">The project has no extension for this system.</exception>
    public string ExtensionName(GuestPlatform platform) => platform == GuestPlatform.Linux ? RequireLinux().Module : RequireDarwin().Info.Identifier;

    /// <summary>The guest that the extension is tested in on this system unless the user names another.</summary>
    /// <exception cref="InfrastructureException">The project has no extension for this system.</exception>
    public string GuestOf(GuestPlatform platform) => platform == GuestPlatform.Linux ? RequireLinux().Guest : RequireDarwin().Guest;

    /// <summary>The extension's log channel on this system, as kextlogd opens it; null when it has none.</summary>
    /// <exception cref="InfrastructureException">The project has no extension for this system.</exception>
    public string? LogOf(GuestPlatform platform) => platform == GuestPlatform.Linux ? RequireLinux().Log : RequireDarwin().Log;

    /// <exception cref="InfrastructureException">The project has no Linux module.</exception>
    public LinuxExtension RequireLinux() => Linux ?? throw Missing("linux", "Linux module");

    /// <exception cref="InfrastructureException">The project has no macOS kext.</exception>
    public DarwinExtension RequireDarwin() => Darwin ?? throw Missing("darwin", "macOS kext");

    /// <summary>Reads kextdev.json, or the file of that name in a given folder.</summary>
    /// <exception cref="ManifestException">It cannot be read, or says something that it may not.</exception>
    public static Project Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, "kextdev.json") : path;
        return new ProjectReader(StrictJson.ReadLocated<ProjectManifest>(file)).Read();
    }

    private InfrastructureException Missing(string platform, string what) =>
        new($"The project {Name} has no {what}: {File} declares no platforms.{platform}. Declare it, or build for the platform that is there.");
}

/// <param name="KbuildFolder">The folder with the module's Kbuild file; in the project's folder.</param>
/// <param name="Module">The module's name, without ".ko".</param>
/// <param name="Variants">Compiler flags of each variant, by its name.</param>
/// <param name="DefaultVariant">The one that is built when nobody asks for another.</param>
public sealed record LinuxExtension(
    string KbuildFolder, string Module, IReadOnlyDictionary<string, IReadOnlyList<string>> Variants, string DefaultVariant)
{
    /// <summary>The guest that it is tested in unless the user names another.</summary>
    public required string Guest { get; init; }

    /// <summary>Its log channel, a device's path; null when it has none.</summary>
    public string? Log { get; init; }
}

/// <param name="Info">What Info.plist says in the normal build.</param>
/// <param name="Sources">C and C++ sources, in a fixed order.</param>
public sealed record DarwinExtension(KextInfo Info, IReadOnlyList<string> Sources)
{
    /// <summary>The variant that is a build for tests: it is never packed, and KERNEL_TEST is defined in it.</summary>
    public const string TestVariant = "test";

    /// <summary>The guest that it is tested in unless the user names another.</summary>
    public required string Guest { get; init; }

    /// <summary>Its log channel, a kernel control's name; null when it has none.</summary>
    public string? Log { get; init; }

    /// <summary>Folders in which the sources look for headers.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>The project's own declarations of the kernel's interface, used where there is no SDK; null when it has none.</summary>
    public string? Headers { get; init; }

    /// <summary>For the compiler; include paths are relative to the project's folder.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>C names of the functions that the kernel calls after loading and before unloading; null where a kext needs none.</summary>
    public string? Start { get; init; }

    public string? Stop { get; init; }

    /// <summary>The macOS version that the compiler is told: "10.13".</summary>
    public string DeploymentTarget { get; init; } = "10.13";

    /// <summary>The kext must load on these.</summary>
    public IReadOnlyList<MacRelease> Releases { get; init; } = MacRelease.All;

    /// <summary>Compiler flags of each variant, by its name.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Variants { get; init; }

    /// <summary>The one that is shipped.</summary>
    public required string DefaultVariant { get; init; }

    /// <exception cref="InfrastructureException">There is no such variant.</exception>
    public void RequireVariant(string variant)
    {
        if (!Variants.ContainsKey(variant))
        {
            throw new InfrastructureException(
                $"The kext {Info.Name} has no variant '{variant}'. Variants: {string.Join(", ", Variants.Keys)}."
                + $"{ClosestMatch.Question(variant, Variants.Keys)}");
        }
    }
}

/// <param name="Flags">For the compiler; include paths are relative to the project's folder.</param>
/// <param name="Common">C sources that are linked into every program.</param>
/// <param name="Others">C sources of programs that are no tests, by the program's name.</param>
public sealed record GuestPrograms(IReadOnlyList<string> Flags, IReadOnlyList<string> Common, IReadOnlyDictionary<string, string> Others)
{
    /// <summary>Among the others, the one that reads the extension's log channel and prints its messages.</summary>
    public const string LogDaemon = "kextlogd";
}

/// <param name="Name">Of the test and of its program; safe as a file name.</param>
/// <param name="Source">The C source with its main.</param>
/// <param name="Variant">The build of the extension that it tests.</param>
/// <param name="Extension">Whether the extension is loaded when the test starts.</param>
/// <param name="Platforms">The systems that it runs on.</param>
/// <param name="TimeLimit">Of one run.</param>
/// <param name="Arguments">For the program, in every plan.</param>
/// <param name="Plans">Further arguments, by the plan's name; empty: the test runs in every plan.</param>
public sealed record TestDeclaration(
    string Name,
    string Source,
    string Variant,
    ExtensionState Extension,
    IReadOnlyList<GuestPlatform> Platforms,
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
