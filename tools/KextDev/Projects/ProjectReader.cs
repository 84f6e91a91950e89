using System.Text.RegularExpressions;

namespace KextDev.Projects;

/// <summary>From what a manifest says to what it means, or to the line that makes no sense.</summary>
internal sealed partial class ProjectReader(Located<ProjectManifest> located)
{
    private readonly ProjectManifest _manifest = located.Value;
    private readonly string _file = Path.GetFullPath(located.File);

    public Project Read()
    {
        CheckName("name", _manifest.Name);
        var linux = ReadLinux();
        var darwin = new DarwinReader(located, _manifest.Platforms.Darwin, CheckName, Resolve, ReadLog).Read();
        var variants = SharedVariants(linux, darwin);
        var without = new Project(_manifest.Name, _file, linux, darwin, ReadPrograms(), []);
        var tests = new List<TestDeclaration>();
        foreach (var (index, test) in _manifest.Tests.Index())
        {
            tests.Add(ReadTest($"tests[{index}]", test, variants, tests, without));
        }

        return without with { Tests = tests };
    }

    /// <summary>The variants' names, the default first: a test asks for its variant whatever system it runs on.</summary>
    private IReadOnlyList<string> SharedVariants(LinuxExtension? linux, DarwinExtension? darwin)
    {
        if (linux is null && darwin is null)
        {
            throw located.Problem("platforms", "no platform is declared. Declare platforms.linux, platforms.darwin, or both.");
        }

        IReadOnlyList<string> Names(IReadOnlyDictionary<string, IReadOnlyList<string>> variants, string first) =>
            [first, .. variants.Keys.Where(name => name != first)];
        var ofLinux = linux is null ? null : Names(linux.Variants, linux.DefaultVariant);
        var ofDarwin = darwin is null ? null : Names(darwin.Variants, darwin.DefaultVariant);
        return ofLinux is null || ofDarwin is null || (ofLinux[0] == ofDarwin[0] && ofLinux.ToHashSet(StringComparer.Ordinal).SetEquals(ofDarwin))
            ? ofLinux ?? ofDarwin!
            : throw located.Problem(
                "platforms.darwin.variants",
                $"the variants are {string.Join(", ", ofDarwin)}, and those of platforms.linux {string.Join(", ", ofLinux)}: a test could not say which it means. "
                + "Declare the same names on both, the default first.");
    }

    private LinuxExtension? ReadLinux()
    {
        const string path = "platforms.linux";
        if (_manifest.Platforms.Linux is not { } linux)
        {
            return null;
        }

        var folder = Resolve($"{path}.kbuild", linux.Kbuild);
        if (!Directory.Exists(folder))
        {
            throw located.Problem($"{path}.kbuild", $"the folder {linux.Kbuild} does not exist. {PathsAreRelative}");
        }

        if (!File.Exists(Path.Combine(folder, "Kbuild")) && !File.Exists(Path.Combine(folder, "Makefile")))
        {
            throw located.Problem($"{path}.kbuild", $"the folder {linux.Kbuild} holds neither a Kbuild file nor a Makefile, so the kernel's build finds nothing to make there.");
        }

        if (!ModuleName().IsMatch(linux.Module))
        {
            throw located.Problem($"{path}.module", $"'{linux.Module}' cannot be a module's name. Use letters, digits and '_', and no '.ko' at the end.");
        }

        if (linux.Variants.Count == 0)
        {
            throw located.Problem($"{path}.variants", "no variant is declared. Declare at least one, such as \"normal\": [].");
        }

        foreach (var name in linux.Variants.Keys)
        {
            CheckName($"{path}.variants.{name}", name);
        }

        return new LinuxExtension(folder, linux.Module, linux.Variants, linux.Variants.GetAt(0).Key) { Guest = linux.Guest, Log = ReadLog(path, linux.Log) };
    }

    private string? ReadLog(string path, string? log) =>
        log is null ? null
        : !ChannelName().IsMatch(log)
            ? throw located.Problem($"{path}.log", $"'{log}' cannot be a log channel's name. Name a file such as /proc/mykext_log, or a kernel control such as com.example.mykext.log.")
        : _manifest.Programs.Others?.ContainsKey(GuestPrograms.LogDaemon) != true
            ? throw located.Problem(
                $"{path}.log",
                $"the log channel {log} has no reader: programs.others names no {GuestPrograms.LogDaemon}. "
                + $"Add \"{GuestPrograms.LogDaemon}\" with its C source there, or leave \"log\" out.")
        : log;

    private GuestPrograms ReadPrograms()
    {
        var programs = _manifest.Programs;
        var others = programs.Others ?? new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in others.Keys)
        {
            CheckName($"programs.others.{name}", name);
        }

        return new GuestPrograms(
            programs.Flags ?? [],
            [.. (programs.Common ?? []).Select((source, index) => Source($"programs.common[{index}]", source))],
            others.ToDictionary(other => other.Key, other => Source($"programs.others.{other.Key}", other.Value), StringComparer.Ordinal));
    }

    private TestDeclaration ReadTest(string path, TestManifest test, IReadOnlyList<string> variants, List<TestDeclaration> earlier, Project project)
    {
        CheckName($"{path}.name", test.Name);
        var twin = earlier.FindIndex(other => other.Name == test.Name);
        if (twin >= 0)
        {
            throw located.Problem($"{path}.name", $"a test is called '{test.Name}' already, in line {located.Line($"tests[{twin}].name")}. Give this one another name.");
        }

        if (project.Programs.Others.ContainsKey(test.Name))
        {
            throw located.Problem($"{path}.name", $"a program is called '{test.Name}' already, in line {located.Line($"programs.others.{test.Name}")}. Give this one another name.");
        }

        var variant = test.Variant ?? variants[0];
        if (!variants.Contains(variant))
        {
            throw located.Problem(
                $"{path}.variant", $"there is no variant '{variant}'. Declared are: {string.Join(", ", variants)}.{ClosestMatch.Question(variant, variants)}");
        }

        var plans = test.Plans ?? new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var plan in plans.Keys.Where(plan => !TestPlan.Names.Contains(plan)))
        {
            throw located.Problem(
                $"{path}.plans.{plan}", $"there is no plan '{plan}'. Plans: {string.Join(", ", TestPlan.Names)}.{ClosestMatch.Question(plan, TestPlan.Names)}");
        }

        var arguments = test.Arguments ?? [];
        CheckSeconds($"{path}.arguments", arguments);
        foreach (var (plan, further) in plans.Where(plan => plan.Key != TestPlan.Soak))
        {
            CheckSeconds($"{path}.plans.{plan}", further);
        }

        return new TestDeclaration(
            test.Name, Source($"{path}.source", test.Source), variant, test.Extension, ReadPlatforms($"{path}.platforms", test, project), TimeSpan.FromSeconds(test.TimeLimit), arguments, plans);
    }

    private IReadOnlyList<GuestPlatform> ReadPlatforms(string path, TestManifest test, Project project)
    {
        if (test.Platforms is not { } platforms)
        {
            return project.Platforms;
        }

        if (platforms.Count == 0)
        {
            throw located.Problem(path, $"the test '{test.Name}' runs nowhere. Name a platform, or leave the key out: it then runs on all of them.");
        }

        foreach (var absent in platforms.Except(project.Platforms).Select(platform => platform.ToString().ToLowerInvariant()))
        {
            throw located.Problem(path, $"the project declares no platforms.{absent}. Declare it, or leave it out here.");
        }

        return [.. project.Platforms.Intersect(platforms)];
    }

    internal const string PathsAreRelative = "Paths are relative to the manifest's folder.";

    private void CheckName(string keyPath, string name)
    {
        if (!FileName().IsMatch(name))
        {
            throw located.Problem(keyPath, $"'{name}' cannot be a name: it becomes a file's. Use up to 64 letters, digits, '_', '-' and '.', and begin with a letter or a digit.");
        }
    }

    private void CheckSeconds(string keyPath, IReadOnlyList<string> arguments)
    {
        var index = arguments.ToList().FindIndex(argument => argument.Contains(TestPlan.Seconds, StringComparison.Ordinal));
        if (index >= 0)
        {
            throw located.Problem($"{keyPath}[{index}]", $"'{arguments[index]}' asks for a length that only a soak has. Move it to \"plans\": {{ \"{TestPlan.Soak}\": [...] }}.");
        }
    }

    private string Source(string keyPath, string source)
    {
        var path = Resolve(keyPath, source);
        return !source.EndsWith(".c", StringComparison.Ordinal) ? throw located.Problem(keyPath, $"'{source}' is no C source: its name must end in '.c'.")
            : !File.Exists(path) ? throw located.Problem(keyPath, $"the source {source} does not exist. {PathsAreRelative}")
            : path;
    }

    private string Resolve(string keyPath, string path)
    {
        var folder = Path.GetDirectoryName(_file)!;
        var full = Path.GetFullPath(path, folder);
        return full == folder || full.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw located.Problem(keyPath, $"'{path}' lies outside of the manifest's folder. Move the manifest up, or the file into its folder.");
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileName();

    // It is an argument of a command in the guest; neither system has longer names.
    [GeneratedRegex(@"\A[A-Za-z0-9/][A-Za-z0-9/_.-]{0,94}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ChannelName();

    // The kernel writes '-' as '_' in a loaded module's name; one spelling avoids the question. 55 characters fit its field.
    [GeneratedRegex(@"\A[A-Za-z0-9_]{1,55}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ModuleName();
}
