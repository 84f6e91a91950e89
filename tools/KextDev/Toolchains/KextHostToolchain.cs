using KextDev.Processes;

namespace KextDev.Toolchains;

/// <summary>The programs of a Darwin guest: the one that is its kernel, and the one that is all its commands.</summary>
public sealed record KextHostPrograms(string KextHost, string Commands);

/// <summary>Compiles kexthost, and the commands of macOS that stand before it, into static programs.</summary>
/// <param name="sources">The folder with kexthost's sources; its folder "guest" has the commands'.</param>
/// <param name="folder">Everything that is made lies in it.</param>
/// <param name="tell">Told what the compiler says, as it comes.</param>
/// <param name="note">Told what takes long.</param>
public sealed class KextHostToolchain(string sources, string folder, CompilerLine tell, Note note)
{
    private const string Compiler = "gcc";

    private static readonly string[] Flags =
        ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-pthread", "-fno-omit-frame-pointer", "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra", "-Werror"];

    /// <exception cref="BuildFailedException">A source does not compile.</exception>
    public async Task<KextHostPrograms> BuildAsync(CancellationToken cancellationToken)
    {
        using var held = await FolderLock.TakeAsync(folder, note, cancellationToken);
        var programs = new KextHostPrograms(Path.Combine(folder, "kexthost"), Path.Combine(folder, "darwin-commands"));
        if (!File.Exists(programs.Commands))
        {
            note("Compiling kexthost, the Darwin guest's kernel.");
        }

        var build = new IncrementalBuild(folder, new CompilerOutput(tell));
        var host = Sources(sources);
        var commands = Sources(Path.Combine(sources, "guest"));
        await build.RunAsync(host.Concat(commands), (source, ct) => CompileAsync(build, source, ct), cancellationToken);

        // The commands take of the host what they need, which the linker finds out.
        var shared = host.Where(source => Path.GetFileName(source) != "main.c");
        (string Made, IEnumerable<string> Sources)[] links = [(programs.KextHost, host), (programs.Commands, commands.Concat(shared))];
        await build.RunAsync(links, (link, ct) => LinkAsync(build, link.Made, [.. link.Sources.Select(Object)], ct), cancellationToken);
        return programs;
    }

    private Task<string?> CompileAsync(IncrementalBuild build, string source, CancellationToken cancellationToken)
    {
        var made = Object(source);
        var dependencies = made + ".d";
        return build.MakeAsync(
            Gcc([.. Flags, "-I" + sources, "-MMD", "-MF", dependencies, "-c", "-o", made, source]),
            made,
            () => IncrementalBuild.Dependencies(File.ReadAllText(dependencies)),
            $"{source} was not compiled",
            cancellationToken);
    }

    private static Task<string?> LinkAsync(IncrementalBuild build, string made, IReadOnlyList<string> objects, CancellationToken cancellationToken) =>
        build.MakeAsync(
            Gcc([.. Flags, "-static", "-s", "-Wl,--gc-sections", "-o", made, .. objects]), made, () => objects, $"{Path.GetFileName(made)} was not linked", cancellationToken);

    private static HostCommand Gcc(IReadOnlyList<string> arguments) =>
        new(Compiler, arguments) { Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["LC_ALL"] = "C" } };

    private static IReadOnlyList<string> Sources(string folder) => [.. Directory.EnumerateFiles(folder, "*.c").Order(StringComparer.Ordinal)];

    private string Object(string source) => Path.Combine(folder, "objects", Path.GetRelativePath(sources, source) + ".o");
}
