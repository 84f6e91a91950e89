using System.Collections.Concurrent;
using System.Diagnostics;

namespace KextDev.BuildTests;

/// <summary>
/// A checkout with the real build.sh, and a dotnet that writes down what it is asked to do and compiles nothing.
/// Files in the folder `told` direct it: no-sdk, registry (the packages restore), breaks, waits (until it is deleted), ahead (what is
/// compiled ahead of time is another program) and no-ahead (there is no compiler for that).
/// </summary>
internal sealed class ScriptCheckout : IDisposable
{
    // A limit for a script that hangs, far above what any call takes.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private const string Dotnet = """
        #!/bin/sh
        told=$(cd "$(dirname "$0")/../told" && pwd)
        echo "$1" >>"$told/calls"
        case $1 in
          --version) [ ! -e "$told/no-sdk" ] ;;
          restore) [ -e "$told/registry" ] ;;
          build)
            mkdir "$told/building" || echo collided >>"$told/calls"
            while [ -e "$told/waits" ]; do sleep 0.02; done
            rmdir "$told/building"
            case "$*" in *-p:CompileAhead=true*) if [ -e "$told/no-ahead" ]; then echo "error NU1101: Unable to find package Microsoft.NETCore.App.Crossgen2.x"; exit 1; fi ;; esac
            if [ -e "$told/breaks" ]; then echo "Build.cs(1,2): error CS1002: ; expected"; exit 1; fi
            output=$(dirname "$2")/bin/Debug/net10.0
            mkdir -p "$output/ahead" && echo program >"$output/Build.dll"
            if [ -e "$told/ahead" ]; then echo ahead >"$output/ahead/Build.dll"; fi
            ;;
          */Build.dll)
            cat "$1"
            shift
            for word in "$@"; do echo "<$word>"; done
            ;;
        esac
        """;

    // All that build.sh calls; flock may be kept from it.
    private static readonly string[] Tools =
        ["bash", "cat", "cp", "date", "dirname", "env", "find", "flock", "grep", "mkdir", "mv", "readlink", "rm", "rmdir", "sed", "sh", "sleep", "sort"];

    private readonly string _folder = Directory.CreateTempSubdirectory("checkout-").FullName;

    public ScriptCheckout(bool hasFlock = true)
    {
        Root = Directory.CreateDirectory(Path.Combine(_folder, "root")).FullName;
        Write("build/Build.csproj", "<Project />");
        Write("build/Build.cs", "class Build;");
        Write("tools/KextDev/KextDev.csproj", "<Project />");
        Write("tools/KextDev/README.md", "");
        Write("../told/calls", "");
        Write("../tools/dotnet", Dotnet);
        foreach (var file in (string[])["build.sh", "global.json", ".editorconfig", "Directory.Build.props", "Directory.Packages.props"])
        {
            File.Copy(Path.Combine(Repository, file), Path.Combine(Root, file));
        }

        File.SetUnixFileMode(Path.Combine(_folder, "tools", "dotnet"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        foreach (var tool in Tools.Where(tool => hasFlock || tool != "flock"))
        {
            var real = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
            if (real is not null)
            {
                File.CreateSymbolicLink(Path.Combine(_folder, "tools", tool), real);
            }
        }
    }

    public string Root { get; }

    public string Outside => _folder;

    /// <summary>What dotnet was asked, but for its version and to run the program.</summary>
    public IReadOnlyList<string> Calls =>
        [.. File.ReadAllLines(Path.Combine(_folder, "told", "calls")).Where(call => call is "restore" or "build" or "collided")];

    public static string Repository
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "build.sh")))
            {
                folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("No folder above the tests has build.sh");
            }

            return folder;
        }
    }

    public void Write(string file, string text)
    {
        var path = Path.Combine(Root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public void Delete(string file) => File.Delete(Path.Combine(Root, file));

    public void Tell(string what) => Write($"../told/{what}", "");

    public void Untell(string what) => Delete($"../told/{what}");

    public bool IsBuilding => Directory.Exists(Path.Combine(_folder, "told", "building"));

    public async Task<Result> RunAsync(params string[] arguments)
    {
        using var running = Start(Path.Combine(Root, "build.sh"), Root, arguments);
        return await running.EndAsync();
    }

    public Running Start(string script, string workingFolder, params string[] arguments) => new(script, workingFolder, Path.Combine(_folder, "tools"), arguments);

    /// <summary>Waits until the condition holds.</summary>
    public static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), limit.Token);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    internal sealed class Running : IDisposable
    {
        private readonly ConcurrentQueue<string> _output = new();
        private readonly ConcurrentQueue<string> _errors = new();
        private readonly Process _process;

        public Running(string script, string workingFolder, string tools, string[] arguments)
        {
            var start = new ProcessStartInfo("bash", [script, .. arguments])
            {
                WorkingDirectory = workingFolder,
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["PATH"] = tools;
            start.Environment["HOME"] = workingFolder;
            start.Environment.Remove("DOTNET_ROOT");
            _process = new Process { StartInfo = start };
            _process.OutputDataReceived += (_, line) => Add(_output, line.Data);
            _process.ErrorDataReceived += (_, line) => Add(_errors, line.Data);
            _process.Start();
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public IEnumerable<string> Errors => _errors;

        public void Kill() => _process.Kill(entireProcessTree: true);

        public async Task<Result> EndAsync()
        {
            await _process.WaitForExitAsync().WaitAsync(Limit);
            return new Result(_process.ExitCode, [.. _output], string.Join('\n', _errors));
        }

        public void Dispose() => _process.Dispose();

        private static void Add(ConcurrentQueue<string> lines, string? line)
        {
            if (line is not null)
            {
                lines.Enqueue(line);
            }
        }
    }

    /// <param name="ExitCode">Of the script, or of the program that it became.</param>
    /// <param name="Output">The program's lines: its text, then each argument in angle brackets.</param>
    /// <param name="Errors">What the script itself says.</param>
    internal sealed record Result(int ExitCode, IReadOnlyList<string> Output, string Errors);
}
