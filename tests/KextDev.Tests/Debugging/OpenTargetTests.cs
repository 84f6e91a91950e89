using KextDev.Debugging;
using KextDev.Platforms;
using KextDev.Testing;
using KextDev.Toolchains;

namespace KextDev.Tests.Debugging;

public sealed class OpenTargetTests
{
    private static BuiltModule Built(string? buildId) => new(new LinuxModule("/b/sample.ko", "sample", "normal", "6.1.0 SMP", buildId, Sha256: ""));

    [Fact]
    public void Another_build_is_refused_with_both_identities()
    {
        var refusal = Should.Throw<InfrastructureException>(() => OpenTarget.Verify("mine", Built("abc1"), new LoadedModule("def2", new Dictionary<string, ulong>(StringComparer.Ordinal))));

        refusal.Message.ShouldContain("Loaded: def2; built: abc1");
        refusal.Message.ShouldContain("KernelTestUnload");
    }

    [Theory]
    [InlineData("abc1", "abc1")]
    [InlineData("abc1", null)]
    [InlineData(null, "abc1")]
    public void The_same_build_and_one_that_does_not_tell_are_taken(string? built, string? loaded) =>
        Should.NotThrow(() => OpenTarget.Verify("mine", Built(built), new LoadedModule(loaded, new Dictionary<string, ulong>(StringComparer.Ordinal))));
}
