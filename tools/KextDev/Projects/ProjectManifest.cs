using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace KextDev.Projects;

// kextdev.json as it is written. Project is what it means. kext/kextdev.schema.json describes the same keys to editors.

/// <param name="Name">Of the project; also a folder's name.</param>
/// <param name="Platforms">The systems that the extension is built for.</param>
/// <param name="Programs">How the programs that run in the guest are compiled.</param>
/// <param name="Tests">In the order in which they run.</param>
internal sealed record ProjectManifest(string Name, PlatformsManifest Platforms, ProgramsManifest Programs, IReadOnlyList<TestManifest> Tests);

internal sealed record PlatformsManifest(LinuxManifest? Linux = null, DarwinManifest? Darwin = null);

/// <param name="Kbuild">Folder with the module's Kbuild file.</param>
/// <param name="Module">The module's name: KBUILD makes MODULE.ko.</param>
/// <param name="Variants">Compiler flags of each way to build it, by the way's name. The first one is built when nobody asks for another.</param>
/// <param name="Guest">The guest that it is tested in unless the user names another.</param>
/// <param name="Log">The device of its log channel; null when it has none.</param>
internal sealed record LinuxManifest(
    string Kbuild, string Module, OrderedDictionary<string, IReadOnlyList<string>> Variants, string Guest = "embedded", string? Log = null);

/// <param name="Identifier">The bundle's identifier.</param>
/// <param name="Version">By the loader's rules, such as 1.2.3 or 1.0.0d1.</param>
/// <param name="Sources">Files, or patterns with '*' and '?' in the last part; '**' before it is any folder.</param>
/// <param name="Libraries">OSBundleLibraries: identifiers and versions.</param>
/// <param name="Variants">Compiler flags of each way to build it, by the way's name. The first one is the default, "test" is the test build.</param>
/// <param name="Guest">The guest that it is tested in unless the user names another.</param>
/// <param name="Log">The kernel control of its log channel; null when it has none.</param>
/// <param name="Bundle">Name of the bundle and its executable; the project's name when absent.</param>
/// <param name="Include">Folders in which the sources look for headers.</param>
/// <param name="Headers">Folder of own declarations of the kernel's interface, used where no SDK is given.</param>
/// <param name="Flags">Compiler flags of every variant.</param>
/// <param name="Start">C name of the function that the kernel calls after loading.</param>
/// <param name="Stop">C name of the function that it calls before unloading.</param>
/// <param name="DeploymentTarget">The macOS version that the compiler is told.</param>
/// <param name="MinimumRelease">The first release on which it must load; the deployment target when absent.</param>
/// <param name="Copyright">NSHumanReadableCopyright.</param>
/// <param name="RequiredAt">OSBundleRequired.</param>
/// <param name="CompatibleVersion">OSBundleCompatibleVersion: makes the kext a library for others.</param>
/// <param name="Personalities">IOKitPersonalities.</param>
/// <param name="Info">Further keys of Info.plist, which win over the others.</param>
internal sealed record DarwinManifest(
    string Identifier,
    string Version,
    IReadOnlyList<string> Sources,
    OrderedDictionary<string, string> Libraries,
    OrderedDictionary<string, IReadOnlyList<string>> Variants,
    string Guest = "embedded-darwin",
    string? Log = null,
    string? Bundle = null,
    IReadOnlyList<string>? Include = null,
    string? Headers = null,
    IReadOnlyList<string>? Flags = null,
    string? Start = null,
    string? Stop = null,
    string DeploymentTarget = "10.13",
    string? MinimumRelease = null,
    string? Copyright = null,
    RequiredAtManifest? RequiredAt = null,
    string? CompatibleVersion = null,
    IReadOnlyDictionary<string, JsonElement>? Personalities = null,
    IReadOnlyDictionary<string, JsonElement>? Info = null);

/// <summary>When a boot needs the kext; in JSON: root, localRoot, networkRoot, console, safeBoot.</summary>
internal enum RequiredAtManifest
{
    Root,
    LocalRoot,
    NetworkRoot,
    Console,
    SafeBoot,
}

/// <param name="Flags">For the compiler.</param>
/// <param name="Common">C sources that are linked into every program.</param>
/// <param name="Others">C sources of programs that are no tests and are brought into the guest beside them, by the program's name.</param>
internal sealed record ProgramsManifest(
    IReadOnlyList<string>? Flags = null, IReadOnlyList<string>? Common = null, IReadOnlyDictionary<string, string>? Others = null);

/// <param name="Name">Of the test and of its program.</param>
/// <param name="Source">The C source with its main.</param>
/// <param name="TimeLimit">Seconds.</param>
/// <param name="Variant">The build of the extension that it tests; the first one when absent.</param>
/// <param name="Extension">Whether it is loaded when the test starts.</param>
/// <param name="Platforms">The systems that it runs on; all of the project when absent.</param>
/// <param name="Arguments">For the program, in every plan.</param>
/// <param name="Plans">Further arguments, by the plan's name. A test with plans runs in these alone; one without runs in all.</param>
internal sealed record TestManifest(
    string Name,
    string Source,
    [property: Range(1, 86_400)] int TimeLimit,
    string? Variant = null,
    ExtensionState Extension = ExtensionState.Loaded,
    IReadOnlyList<GuestPlatform>? Platforms = null,
    IReadOnlyList<string>? Arguments = null,
    IReadOnlyDictionary<string, IReadOnlyList<string>>? Plans = null);
