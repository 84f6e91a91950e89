using System.Text.RegularExpressions;

namespace KextDev.Tests;

/// <summary>The rooms of tools/KextDev and the arrows between them: who may know whom.</summary>
public sealed partial class RoomTests
{
    /// <summary>What each room may use. A room that is not listed, or an arrow that is not, is a decision to take, not to slip in.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new(StringComparer.Ordinal)
    {
        ["Processes"] = [],
        ["Projects"] = ["Bundles"],
        ["Hosts"] = ["Processes"],
        ["Ktap"] = [],
        ["Crashes"] = [],
        ["Events"] = [],
        ["MachO"] = [],
        ["Bundles"] = ["MachO", "Processes"],
        ["Toolchains"] = ["Bundles", "Hosts", "MachO", "Projects", "Processes"],
        ["Guests"] = ["Hosts", "Projects", "Processes", "Toolchains"],
        ["Shells"] = ["Guests", "Processes"],
        ["Platforms"] = ["Bundles", "Projects", "Shells", "Processes"],
        ["Logs"] = ["Events", "Platforms", "Processes", "Shells"],
        ["Reports"] = ["Events"],
        ["Provisioning"] = ["Guests", "Platforms", "Processes", "Projects", "Shells"],
        ["Symbols"] = ["Bundles", "Crashes", "MachO", "Toolchains"],
        ["Debuggers"] = ["Hosts", "Processes", "Toolchains"],
        ["Debugging"] = ["Bundles", "Crashes", "Debuggers", "Events", "Guests", "MachO", "Platforms", "Processes", "Projects", "Shells", "Testing", "Toolchains"],
        ["Testing"] = ["Bundles", "Crashes", "Debuggers", "Events", "Guests", "Ktap", "Logs", "MachO", "Platforms", "Processes", "Projects", "Shells", "Symbols", "Toolchains"],
    };

    private static string Library => Path.Combine(Repository.Root, "tools", "KextDev");

    public static TheoryData<string> Rooms => [.. Directory.EnumerateDirectories(Library).Select(folder => Path.GetFileName(folder)).Where(name => name is not ("bin" or "obj"))];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_the_rooms_that_the_design_gives_it(string room)
    {
        Arrows.ShouldContainKey(room);
        var used =
            from file in Directory.EnumerateFiles(Path.Combine(Library, room), "*.cs", SearchOption.AllDirectories)
            from Match match in RoomName().Matches(File.ReadAllText(file))
            let other = match.Groups["room"].Value
            where other != room && Arrows.ContainsKey(other) && !Arrows[room].Contains(other)
            select $"{Path.GetRelativePath(Library, file)} uses {other}";

        used.Distinct().ShouldBeEmpty();
    }

    [Fact]
    public void Only_Processes_starts_a_host_process()
    {
        var starters =
            from file in Directory.EnumerateFiles(Library, "*.cs", SearchOption.AllDirectories)
            let path = Path.GetRelativePath(Library, file)
            where !path.StartsWith("Processes", StringComparison.Ordinal) && !path.StartsWith("obj", StringComparison.Ordinal)
            where Starter().IsMatch(File.ReadAllText(file))
            select path;

        starters.ShouldBeEmpty();
    }

    [Fact]
    public void Nothing_in_the_tools_or_the_build_names_the_extension_of_this_repository()
    {
        var files = new[] { "tools", "build" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

        files.Where(file => ExtensionName().IsMatch(File.ReadAllText(file))).ShouldBeEmpty();
    }

    [GeneratedRegex(@"\bKextDev\.(?<room>[A-Z][A-Za-z]*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex RoomName();

    [GeneratedRegex(@"\bProcess\.Start\(|new ProcessStartInfo|\bCli\.Wrap\(", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Starter();

    [GeneratedRegex(@"osquery|\bosq_", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 5000)]
    private static partial Regex ExtensionName();
}
