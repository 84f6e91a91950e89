using KextDev.Bundles;
using KextDev.Processes;

namespace KextDev.Tests.KextHost;

/// <summary>Kexts that are linked against other kexts.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KextLibraryTests(KextHostBuild build) : IDisposable
{
    private const string Library = "org.example.library";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Functions and data of the library are the user's; neither goes before the other.</summary>
    [Fact]
    public async Task Resolves_what_a_loaded_kext_exports()
    {
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await BuildLibraryAsync())).ExitCode.ShouldBe(0);

        var loaded = await host.LoadAsync(await BuildUserAsync("1.1"));

        loaded.ExitCode.ShouldBe(0, loaded.Error);
        host.Log.ShouldContain("user has 42 43 of 1\n");
        (await host.ListAsync()).ShouldContain("org.example.library (1.2) ");
        Refused(await host.UnloadAsync(Library), "outstanding references (linkage or tracking object)", "kext is in use or retained");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
        (await host.UnloadAsync(Library)).ExitCode.ShouldBe(0);
        host.Log.ShouldContain("library is used by 0\n");
    }

    /// <summary>The third column of what it is linked against, highest load tag first; and how many kexts use it.</summary>
    [Fact]
    public async Task Lists_who_is_linked_against_whom()
    {
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await BuildLibraryAsync())).ExitCode.ShouldBe(0);
        (await host.LoadAsync(await BuildUserAsync("1.0"))).ExitCode.ShouldBe(0);

        var lines = (await host.ListAsync()).Split('\n');

        var library = lines.Single(line => line.Contains(Library, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var user = lines.Single(line => line.Contains(TestKext.Identifier, StringComparison.Ordinal));
        library[1].ShouldBe("1");
        user.ShouldContain($"<{library[0]} ");
    }

    [Theory]
    [InlineData("2.0", "library kext org.example.library not compatible with requested version 2.0.")]
    [InlineData("0.9", "library kext org.example.library not compatible with requested version 0.9.")]
    [InlineData("x", "library kext org.example.library has no valid version.")]
    public async Task Refuses_a_version_that_the_library_is_not_compatible_with(string version, string reason)
    {
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await BuildLibraryAsync())).ExitCode.ShouldBe(0);

        Refused(await host.LoadAsync(await BuildUserAsync(version)), reason, "(libkern/kext) dependency resolution failure");
        (await host.UnloadAsync(Library)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Refuses_a_library_that_is_not_loaded_or_none()
    {
        await using var host = await RunningHost.StartAsync(build);
        var user = await BuildUserAsync("1.0");

        Refused(await host.LoadAsync(user), "library kext org.example.library not found.", "(libkern/kext) dependency resolution failure");
        (await host.LoadAsync(await BuildLibraryAsync(compatible: null))).ExitCode.ShouldBe(0);
        Refused(await host.LoadAsync(user), "library kext org.example.library not compatible with requested version 1.0.", "(libkern/kext) dependency resolution failure");
    }

    [Fact]
    public async Task Refuses_a_symbol_that_the_library_keeps_to_itself()
    {
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await BuildLibraryAsync())).ExitCode.ShouldBe(0);

        Refused(
            await host.LoadAsync(await BuildUserAsync("1.0", "int library_secret(void); static int start(void) { return library_secret(); } static int stop(void) { return 0; }")),
            "\t_library_secret", "(libkern/kext) link error");
        (await host.UnloadAsync(Library)).ExitCode.ShouldBe(0);
    }

    /// <summary>Of a user that did not start nothing holds the library.</summary>
    [Fact]
    public async Task Lets_a_library_go_whose_user_did_not_start()
    {
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await BuildLibraryAsync())).ExitCode.ShouldBe(0);

        (await host.LoadAsync(await BuildUserAsync("1.0", "int library_next(int); static int start(void) { return library_next(4); } static int stop(void) { return 0; }"))).ExitCode.ShouldBe(71);

        (await host.UnloadAsync(Library)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Names_the_library_in_a_panic_report()
    {
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await BuildLibraryAsync())).ExitCode.ShouldBe(0);

        await host.LoadAsync(await BuildUserAsync("1.0", "int library_next(int); static int start(void) { panic(\"lost %d\", library_next(4)); return 0; } static int stop(void) { return 0; }"));

        var report = await host.PanicAsync();
        report.ShouldContain("lost 5");
        report.ShouldMatch(@"org\.example\.sample\(1\.0\)\[[^]]+\]@0x[0-9a-f]+->0x[0-9a-f]+\n            dependency: org\.example\.library\(1\.2\)\[[^]]+\]@0x[0-9a-f]+\n");
    }

    private static void Refused(CommandResult result, string reason, string text)
    {
        result.ExitCode.ShouldNotBe(0);
        result.Error.ShouldContain(reason);
        result.Error.ShouldContain(text);
    }

    private async Task<string> BuildLibraryAsync(string? compatible = "1.0")
    {
        var executable = await TestKext.LinkAsync(
            _folder,
            """
            int library_value = 41;
            int library_next(int value) { return value + 1; }
            __attribute__((visibility("hidden"))) int library_secret(void) { return library_value; }
            static int start(void) { return 0; }
            static int stop(void) { IOLog("library is used by %d\n", kmod_info.count); return 0; }
            """);
        return TestKext.Bundle(_folder, executable, new KextInfo("library", Library, "1.2", TestKext.Libraries) { CompatibleVersion = compatible });
    }

    private async Task<string> BuildUserAsync(
        string version,
        string source = """
            extern int library_value; int library_next(int);
            struct reference { struct reference *next; struct kmod_info *info; };
            static int start(void) { struct reference *first = kmod_info.list; library_value = library_next(library_value); IOLog("user has %d %d of %d\n", library_value, library_next(library_value), first->info->count); return 0; }
            static int stop(void) { return 0; }
            """) =>
        TestKext.Bundle(
            _folder,
            await TestKext.LinkAsync(_folder, source),
            new Dictionary<string, string>(TestKext.Libraries, StringComparer.Ordinal) { [Library] = version });
}
