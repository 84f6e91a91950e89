using KextDev.Hosts;

namespace KextDev.Tests.Hosts;

public sealed class HostReadinessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static readonly HostNeed Shell = new("dash", "runs scripts", "sh");
    private static readonly HostNeed Absent = new("absent-package", "is not there", "no-such-program");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sees_programs_of_PATH_and_files()
    {
        _folder.Write("some/file", "");
        HostNeed[] needs =
        [
            Shell,
            new("base-files", "is everywhere", "/etc/passwd"),
            new("base-files", "is in some folder", _folder.Combine("*/file")),
            Absent,
            new("absent-package", "is not there", "/nowhere/*/file"),
            new("absent-package", "is not there", _folder.Combine("*/no-such-file")),
        ];

        new HostReadiness(needs, _ => { }).Missing().Select(need => need.Sign).ShouldBe(["no-such-program", "/nowhere/*/file", _folder.Combine("*/no-such-file")]);
    }

    [Fact]
    public void Any_of_several_signs_will_do_and_the_packages_own_is_named()
    {
        HostNeed[] needs = [new("dash", "runs scripts", "no-such-program|sh"), new("absent-package", "is not there", "no-such-program|another-one")];

        new HostReadiness(needs, _ => { }).Missing().Select(need => need.FirstSign).ShouldBe(["no-such-program"]);
    }

    [Fact]
    public async Task Says_and_does_nothing_when_nothing_is_missing()
    {
        var notes = new List<string>();

        await new HostReadiness([Shell], notes.Add).EnsureAsync(CancellationToken.None);

        notes.ShouldBeEmpty();
    }

    [Fact]
    public void The_command_to_type_names_each_package_once() =>
        HostReadiness.CommandFor([Absent, Absent with { Sign = "other" }, Shell]).ShouldEndWith("--no-install-recommends absent-package dash");
}
