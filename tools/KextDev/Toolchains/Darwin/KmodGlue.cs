using KextDev.Bundles;
using KextDev.Projects;

namespace KextDev.Toolchains.Darwin;

/// <summary>
/// The sources that every kext is linked with and nobody wants to write: kmod_info, which names the extension's two functions, and, where no
/// libkmod is at hand, the entries that call them.
/// </summary>
internal static class KmodGlue
{
    private const string InfoFile = "kext_info.c";
    private const string HeaderFile = "kmod_info.h";

    private static readonly string[] s_libraryFiles = ["start.c", "stop.c"];

    /// <summary>Writes the sources; a file that says the same already keeps its time.</summary>
    /// <returns>The info source, and those of libkmod's stand-in.</returns>
    public static (string Info, IReadOnlyList<string> Library) Write(string folder, DarwinExtension extension)
    {
        Directory.CreateDirectory(folder);
        WriteIfChanged(Path.Combine(folder, HeaderFile), Resource(HeaderFile));
        var info = WriteIfChanged(Path.Combine(folder, InfoFile), InfoSource(extension.Info, extension.Start, extension.Stop));
        return (info, [.. s_libraryFiles.Select(file => WriteIfChanged(Path.Combine(folder, file), Resource(file)))]);
    }

    /// <summary>C without any of the kernel's headers, so that it is the same whichever of them the extension is built against.</summary>
    internal static string InfoSource(KextInfo info, string? start, string? stop) =>
        $$"""
        /* Made by KextDev from the manifest. */
        #include "{{HeaderFile}}"

        {{Declare(start)}}{{Declare(stop)}}struct kmod_info kmod_info __attribute__((visibility("default"))) = {
        	.info_version = 1,
        	.id = -1u,
        	.name = "{{info.Identifier}}",
        	.version = "{{info.Version}}",
        	.reference_count = -1,
        	.start = _start,
        	.stop = _stop,
        };

        kextdev_entry *_realmain = {{start ?? "0"}};
        kextdev_entry *_antimain = {{stop ?? "0"}};
        __attribute__((visibility("hidden"))) int _kext_apple_cc = __APPLE_CC__;

        """;

    private static string Declare(string? function) => function is null ? "" : $"extern kextdev_entry {function};\n";

    private static string WriteIfChanged(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
        {
            File.WriteAllText(path, text);
        }

        return path;
    }

    private static string Resource(string file)
    {
        using var stream = typeof(KmodGlue).Assembly.GetManifestResourceStream("libkmod/" + file)
            ?? throw new InvalidOperationException($"libkmod/{file} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
