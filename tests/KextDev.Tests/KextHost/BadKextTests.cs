using System.Globalization;
using KextDev.Processes;

namespace KextDev.Tests.KextHost;

/// <summary>Every folder of tests/bad-kexts, built as its users build it: what becomes of it is what its file "expected" says.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class BadKextTests(KextHostBuild build) : IDisposable
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "bad-kexts");

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. Directory.EnumerateDirectories(Folder).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Gets_its_verdict(string name)
    {
        var expected = await File.ReadAllLinesAsync(Path.Combine(Folder, name, "expected"));
        var words = expected[0].Split(' ');
        var bundle = (await BuiltKext.BadAsync(_folder, name)).BundleFolder;

        var said = words switch
        {
            ["load" or "unload", var code] => await RefusalAsync(words[0], int.Parse(code, CultureInfo.InvariantCulture), bundle, name),
            ["panic", "at", var stage, .. var options] => await PanicAsync(stage, bundle, name, options),
            ["hang", "at", "unload"] => await HangAsync(bundle, name),
            _ => throw new InvalidDataException($"{name}/expected: '{expected[0]}' is no verdict"),
        };

        ShouldContainInOrder(said, expected[1..]);
    }

    /// <returns>What the loader or the unloader has printed.</returns>
    private async Task<string> RefusalAsync(string stage, int exitCode, string bundle, string name)
    {
        await using var host = await RunningHost.StartAsync(build);
        var result = await host.LoadAsync(bundle);
        if (stage == "unload")
        {
            result.ExitCode.ShouldBe(0, result.Error);
            await UseAsync(host);
            result = await host.UnloadAsync(Identifier(name));
        }

        result.ExitCode.ShouldBe(exitCode, result.Error);
        return result.Error;
    }

    /// <returns>The report.</returns>
    private async Task<string> PanicAsync(string stage, string bundle, string name, string[] options)
    {
        const int NoHost = 69;
        await using var host = await RunningHost.StartAsync(build, options);
        var result = await host.LoadAsync(bundle);
        if (stage != "load")
        {
            result.ExitCode.ShouldBe(0, result.Error);
            await UseAsync(host);
        }

        if (stage == "unload")
        {
            result = await host.UnloadAsync(Identifier(name));
        }

        if (stage != "use")
        {
            result.ExitCode.ShouldBe(NoHost, result.Error);
        }

        return await host.PanicAsync();
    }

    /// <returns>The log.</returns>
    private async Task<string> HangAsync(string bundle, string name)
    {
        Task<CommandResult> unloading;
        string log;
        await using (var host = await RunningHost.StartAsync(build))
        {
            (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);
            unloading = host.UnloadAsync(Identifier(name));
            while (!host.Log.Contains("bad: stopping\n", StringComparison.Ordinal))
            {
                unloading.IsCompleted.ShouldBeFalse();
                await Task.Yield();
            }

            await UseAsync(host);
            unloading.IsCompleted.ShouldBeFalse();
            log = host.Log;
        }

        await unloading;
        return log;
    }

    private static async Task UseAsync(RunningHost host) => await host.DriveCommand("opened", "/tmp/bad-kext").TryRunAsync(CancellationToken.None);

    private static string Identifier(string name) => "org.kextdev." + name;

    private static void ShouldContainInOrder(string text, IEnumerable<string> pieces)
    {
        var from = 0;
        foreach (var piece in pieces)
        {
            var at = text.IndexOf(piece, from, StringComparison.Ordinal);
            at.ShouldBeGreaterThanOrEqualTo(0, $"'{piece}' is not in, or not at its place in:\n{text}");
            from = at + piece.Length;
        }
    }
}
