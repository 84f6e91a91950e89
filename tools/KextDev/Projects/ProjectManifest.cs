using System.ComponentModel.DataAnnotations;

namespace KextDev.Projects;

// kextdev.json as it is written. Project is what it means. kext/kextdev.schema.json describes the same keys to editors.

/// <param name="Name">Of the project; also a folder's name.</param>
/// <param name="Platforms">The systems that the extension is built for.</param>
/// <param name="Programs">How the programs that run in the guest are compiled.</param>
/// <param name="Tests">In the order in which they run.</param>
/// <param name="Guest">The guest that the project is tested in unless the user names another.</param>
internal sealed record ProjectManifest(
    string Name, PlatformsManifest Platforms, ProgramsManifest Programs, IReadOnlyList<TestManifest> Tests, string Guest = "embedded");

internal sealed record PlatformsManifest(LinuxManifest Linux);

/// <param name="Kbuild">Folder with the module's Kbuild file.</param>
/// <param name="Module">The module's name: KBUILD makes MODULE.ko.</param>
/// <param name="Variants">Compiler flags of each way to build it, by the way's name. The first one is built when nobody asks for another.</param>
internal sealed record LinuxManifest(string Kbuild, string Module, OrderedDictionary<string, IReadOnlyList<string>> Variants);

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
/// <param name="Arguments">For the program, in every plan.</param>
/// <param name="Plans">Further arguments, by the plan's name. A test with plans runs in these alone; one without runs in all.</param>
internal sealed record TestManifest(
    string Name,
    string Source,
    [property: Range(1, 86_400)] int TimeLimit,
    string? Variant = null,
    ExtensionState Extension = ExtensionState.Loaded,
    IReadOnlyList<string>? Arguments = null,
    IReadOnlyDictionary<string, IReadOnlyList<string>>? Plans = null);
