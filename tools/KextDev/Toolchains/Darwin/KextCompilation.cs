using KextDev.Processes;
using KextDev.Projects;

namespace KextDev.Toolchains.Darwin;

/// <summary>How each source of one variant is compiled.</summary>
/// <param name="folder">Objects and generated sources lie below it.</param>
internal sealed class KextCompilation(
    IKextToolchain toolchain, Project project, DarwinExtension extension, string variant, BuildConfiguration configuration, string folder)
{
    private const string ObjectFolder = "objects";

    // They would lead the compiler to headers that nobody named here.
    private static readonly Dictionary<string, string?> s_environment = new(StringComparer.Ordinal)
    {
        ["LC_ALL"] = "C",
        ["CPATH"] = null,
        ["C_INCLUDE_PATH"] = null,
        ["CPLUS_INCLUDE_PATH"] = null,
        ["SDKROOT"] = null,
        ["MACOSX_DEPLOYMENT_TARGET"] = null,
    };

    // As Xcode compiles kexts. A kernel has no checked variants of memcpy and its kin.
    private static readonly string[] s_kernel =
    [
        "-mkernel", "-nostdinc", "-fno-builtin", "-fno-common", "-g",
        "-DKERNEL", "-DKERNEL_PRIVATE", "-DDRIVER_PRIVATE", "-DAPPLE", "-DNeXT", "-D_FORTIFY_SOURCE=0",
    ];

    private static readonly string[] s_cPlusPlus = ["-fapple-kext", "-fno-exceptions", "-fno-rtti", "-nostdinc++"];

    public static bool IsCPlusPlus(string source) => !source.EndsWith(".c", StringComparison.Ordinal);

    /// <summary>One of the user's sources, compiled.</summary>
    public KextObject Object(string source) =>
        new(source, Path.Combine(folder, ObjectFolder, Path.GetRelativePath(project.Folder, source) + ".o"));

    /// <summary>One of ours; "@" begins no folder of theirs by chance.</summary>
    public KextObject GlueObject(string source) => new(source, Path.Combine(folder, ObjectFolder, "@kextdev", Path.GetFileName(source) + ".o"));

    public static string DependencyFile(KextObject made) => made.Path + ".d";

    public HostCommand Command(KextObject made) => Run(
    [
        .. Common(),
        .. IsCPlusPlus(made.Source) ? s_cPlusPlus : [],
        .. DarwinExtension.TestVariant == variant ? ["-DKERNEL_TEST"] : Array.Empty<string>(),
        .. extension.Include.Select(include => "-I" + include),
        .. toolchain.HeaderFlags(extension),
        .. extension.Flags.Concat(extension.Variants[variant]).Where(flag => Speaks(flag, made.Source)),
        .. Output(made),
    ]);

    /// <summary>The glue needs no headers and no flags of the project, whose warnings are not its concern.</summary>
    public HostCommand GlueCommand(KextObject made) => Run([.. Common(), "-std=gnu11", .. Output(made)]);

    /// <summary>The objects of sources that are gone.</summary>
    public IEnumerable<string> Leftovers(IEnumerable<KextObject> made)
    {
        var objects = Path.Combine(folder, ObjectFolder);
        var wanted = made.SelectMany(one => (string[])[one.Path, DependencyFile(one)]).ToHashSet(StringComparer.Ordinal);
        return Directory.Exists(objects)
            ? Directory.EnumerateFiles(objects, "*", SearchOption.AllDirectories).Where(file => !wanted.Contains(file))
            : [];
    }

    private IReadOnlyList<string> Common() =>
    [
        "-target", $"x86_64-apple-macosx{extension.DeploymentTarget}",
        .. s_kernel,
        .. configuration == BuildConfiguration.Debug ? (string[])["-O0", "-DDEBUG=1"] : ["-Os", "-DNDEBUG"],
    ];

    // -MD names the SDK's headers too, so that another SDK in the same place is noticed.
    private static IReadOnlyList<string> Output(KextObject made) => ["-MD", "-MF", DependencyFile(made), "-c", "-o", made.Path, made.Source];

    // A manifest has one list of flags: the standard of the other language would be an error.
    private static bool Speaks(string flag, string source) =>
        !flag.StartsWith("-std=", StringComparison.Ordinal) || flag.Contains("++", StringComparison.Ordinal) == IsCPlusPlus(source);

    private HostCommand Run(IReadOnlyList<string> arguments) => new(toolchain.Compiler[0], toolchain.Compiler.Skip(1).Concat(arguments))
    {
        WorkingDirectory = project.Folder,
        Environment = s_environment,
    };
}
