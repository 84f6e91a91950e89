using KextDev.Processes;

namespace KextDev.Tests.KextHost;

/// <summary>kexthost and the programs that drive it, built once for all its tests. Made with a sanitizer where KEXTHOST_SANITIZE names one.</summary>
public sealed class KextHostBuild : IAsyncLifetime, IDisposable
{
    private static readonly string Sources = Path.Combine(Repository.Root, "kext", "host");

    private static readonly string[] Client = [.. Directory.EnumerateFiles(Sources, "client*.c")];

    private readonly TemporaryFolder _folder = new();

    public string KextHost => _folder.Combine("kexthost");

    /// <summary>Does to the host what its arguments say.</summary>
    public string Drive => _folder.Combine("drive");

    /// <summary>Talks to kernel controls and devices as its arguments say.</summary>
    public string Talk => _folder.Combine("talk");

    /// <summary>Sleeps until it has read the events that it was told to expect.</summary>
    public string EventClient => _folder.Combine("event_client");

    /// <summary>Produces TEST events by many threads and reads them all.</summary>
    public string RingClient => _folder.Combine("ring_client");

    /// <summary>Executes, opens, connects and so on, to be watched.</summary>
    public string Attended => _folder.Combine("attended");

    /// <summary>Asks by many threads and their forked children, under signals.</summary>
    public string Disturbed => _folder.Combine("disturbed");

    public async Task InitializeAsync()
    {
        var programs = Path.Combine(Repository.Root, "tests", "KextDev.Tests", "KextHost", "programs");
        string[] sanitize = Environment.GetEnvironmentVariable("KEXTHOST_SANITIZE") is { Length: > 0 } name ? ["-fsanitize=" + name] : [];
        await GccAsync(KextHost, [.. sanitize, .. Directory.EnumerateFiles(Sources, "*.c")]);
        await GccAsync(Drive, [.. Client, Path.Combine(programs, "drive.c")]);
        await GccAsync(Talk, [.. Client, Path.Combine(programs, "talk.c")]);
        await GccAsync(EventClient, [.. Client, Path.Combine(programs, "event_client.c")]);
        await GccAsync(RingClient, [.. Client, Path.Combine(programs, "ring_client.c")]);
        await GccAsync(Disturbed, [.. Client, Path.Combine(programs, "disturbed.c")]);
        await GccAsync(Attended, [Path.Combine(programs, "attended.c")]);
    }

    /// <summary>One of the programs in kext/tests, for kexthost's devices.</summary>
    public static async Task<string> OsqueryTestAsync(TemporaryFolder folder, string name)
    {
        var kext = Path.Combine(Repository.Root, "kext");
        string[] common = ["tests/ktap.c", "tests/options.c", "tests/osq_client.c", "tests/extension.c", "user/osq_handle.c", "user/osq_reader.c"];
        var program = folder.Combine(name);
        await GccAsync(program, ["-DKEXTHOST", "-I" + Path.Combine(kext, "user"), .. Client, .. common.Append($"tests/{name}.c").Select(source => Path.Combine(kext, source))]);
        return program;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    private static async Task GccAsync(string output, IEnumerable<string> arguments)
    {
        string[] flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-pthread", "-fno-omit-frame-pointer", "-Wall", "-Wextra", "-Werror", "-I" + Sources, "-I" + Path.Combine(Repository.Root, "kext", "include")];
        await new HostCommand("gcc", [.. flags, .. arguments, "-o", output]).RunAsync(CancellationToken.None);
    }
}

[CollectionDefinition(nameof(KextHostBuild))]
public sealed class KextHostGroup : ICollectionFixture<KextHostBuild>;
