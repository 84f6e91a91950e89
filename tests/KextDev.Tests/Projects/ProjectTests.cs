using KextDev.Projects;

namespace KextDev.Tests.Projects;

public sealed class ProjectTests : IDisposable
{
    private readonly ProjectFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Resolves_every_path_against_the_manifests_folder()
    {
        var project = Project.Load(_folder.ManifestFile);

        project.Folder.ShouldBe(_folder.Path);
        project.RequireLinux().KbuildFolder.ShouldBe(_folder.PathOf("linux"));
        project.RequireLinux().DefaultVariant.ShouldBe("normal");
        project.RequireLinux().Variants["test"].ShouldBe(["-DTEST"]);
        project.Programs.Common.ShouldBe([_folder.PathOf("tests/ktap.c")]);
        project.Programs.Others["tool"].ShouldBe(_folder.PathOf("user/tool.c"));
        project.Tests.Select(test => test.Source).ShouldBe([_folder.PathOf("tests/a.c"), _folder.PathOf("tests/b.c"), _folder.PathOf("tests/b.c")]);
        project.Tests[1].Extension.ShouldBe(ExtensionState.Unloaded);
        project.Tests[1].Variant.ShouldBe("normal");
        project.Tests[0].TimeLimit.ShouldBe(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void A_log_channel_has_a_reader()
    {
        var manifest = ProjectFolder.Manifest.Replace("\"tool\":", "\"kextlogd\":", StringComparison.Ordinal);
        _folder.Write("kextdev.json", manifest);
        Project.Load(_folder.Path).LogOf(GuestPlatform.Linux).ShouldBeNull();

        _folder.Write("kextdev.json", manifest.Replace("\"module\": \"sample\"", "\"module\": \"sample\", \"log\": \"/dev/sample_log\"", StringComparison.Ordinal));
        Project.Load(_folder.Path).LogOf(GuestPlatform.Linux).ShouldBe("/dev/sample_log");
    }

    [Fact]
    public void Takes_the_folder_for_the_manifest_in_it() => Project.Load(_folder.Path).Name.ShouldBe("sample");

    [Fact]
    public void The_manifest_of_this_repository_is_in_order()
    {
        var project = Project.Load(Path.Combine(Repository.Root, "kext"));

        TestPlan.Names.ShouldAllBe(plan => TestPlan.Select(project, plan, Array.Empty<string>(), plan == TestPlan.Soak ? TimeSpan.FromHours(1) : null).Count > 0);
    }

    [Theory]
    [InlineData("\"name\": \"sample\"", "\"name\": \"../sample\"", 2, "'../sample' cannot be a name")]
    [InlineData("\"kbuild\": \"linux\"", "\"kbuild\": \"linus\"", 6, "the folder linus does not exist")]
    [InlineData("\"kbuild\": \"linux\"", "\"kbuild\": \"user\"", 6, "the folder user holds neither a Kbuild file nor a Makefile")]
    [InlineData("\"kbuild\": \"linux\"", "\"kbuild\": \"..\"", 6, "'..' lies outside of the manifest's folder")]
    [InlineData("\"module\": \"sample\"", "\"module\": \"sample.ko\"", 7, "'sample.ko' cannot be a module's name")]
    [InlineData("{ \"normal\": [], \"test\": [\"-DTEST\"] }", "{}", 8, "no variant is declared")]
    [InlineData("\"module\": \"sample\"", "\"module\": \"sample\", \"log\": \"/dev/sample_log\"", 7, "the log channel /dev/sample_log has no reader: programs.others names no kextlogd")]
    [InlineData("\"module\": \"sample\"", "\"module\": \"sample\", \"log\": \"a b\"", 7, "'a b' cannot be a log channel's name")]
    [InlineData("\"module\": \"sample\"", "\"module\": \"sample\", \"log\": \"--help\"", 7, "'--help' cannot be a log channel's name")]
    [InlineData("\"normal\": []", "\"a/b\": []", 8, "'a/b' cannot be a name")]
    [InlineData("tests/ktap.c", "tests/ktab.c", 13, "the source tests/ktab.c does not exist")]
    [InlineData("tests/ktap.c", "/etc/passwd.c", 13, "'/etc/passwd.c' lies outside of the manifest's folder")]
    [InlineData("user/tool.c", "user/tool.h", 14, "'user/tool.h' is no C source")]
    [InlineData("\"tool\":", "\"lifecycle\":", 25, "a program is called 'lifecycle' already, in line 14")]
    [InlineData("tests/a.c", "tests/x.c", 19, "the source tests/x.c does not exist")]
    [InlineData("\"variant\": \"test\"", "\"variant\": \"tset\"", 20, "there is no variant 'tset'. Declared are: normal, test. Did you mean 'test'?")]
    [InlineData("\"timeLimit\": 120", "\"timeLimit\": 0", 21, "tests[0].timeLimit is 0: allowed is 1 to 86400.")]
    [InlineData("[\"-v\"]", "[\"{seconds}\"]", 22, "'{seconds}' asks for a length that only a soak has")]
    [InlineData("\"quick\":", "\"quik\":", 23, "there is no plan 'quik'. Plans: quick, full, soak. Did you mean 'quick'?")]
    [InlineData("\"name\": \"lifecycle\"", "\"name\": \"ring_stress\"", 25, "a test is called 'ring_stress' already, in line 18")]
    [InlineData("\"name\": \"lifecycle\"", "\"name\": \"-rf\"", 25, "'-rf' cannot be a name")]
    [InlineData("\"name\": \"lifecycle\"", "\"name\": \"it's one\"", 25, "'it's one' cannot be a name")]
    [InlineData("\"name\": \"lifecycle\"", "\"name\": \"a\\nb\"", 25, "'a\nb' cannot be a name")]
    [InlineData("\"name\": \"lifecycle\"", "\"name\": \"lifecycle\\n\"", 25, "'lifecycle\n' cannot be a name")]
    [InlineData("\"name\": \"lifecycle\"", "\"name\": \"$(id)\"", 25, "'$(id)' cannot be a name")]
    [InlineData("\"name\": \"sample\"", "\"name\": \"a b\"", 2, "'a b' cannot be a name")]
    [InlineData("\"module\": \"sample\"", "\"module\": \"-f sample\"", 7, "'-f sample' cannot be a module's name")]
    [InlineData("\"module\": \"sample\"", "\"module\": \"sample;id\"", 7, "'sample;id' cannot be a module's name")]
    [InlineData("\"normal\": []", "\"-n\": []", 8, "'-n' cannot be a name")]
    [InlineData("\"tool\":", "\"to ol\":", 14, "'to ol' cannot be a name")]
    [InlineData("\"unloaded\"", "\"absent\"", 25, "unknown value 'absent' of tests[1].extension. Allowed: loaded, unloaded.")]
    public void Says_in_which_line_a_manifest_makes_no_sense(string right, string wrong, int line, string problem)
    {
        _folder.Write("kextdev.json", ProjectFolder.Manifest.Replace(right, wrong, StringComparison.Ordinal));

        var exception = Should.Throw<ManifestException>(() => Project.Load(_folder.ManifestFile));

        exception.Message.ShouldStartWith($"{_folder.ManifestFile}:{line}: {problem}");
    }
}
