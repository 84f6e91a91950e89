using KextDev.Crashes;
using KextDev.Testing;

namespace KextDev.Tests.Testing;

public sealed class KnownCrashesTests : IDisposable
{
    private const string Build = "0123456789abcdef";

    private static readonly Crash s_crash = new("BUG: NULL pointer dereference in ring_write", CrashKind.NullDereference, CrashSeverity.Fatal, "ring_write", "ring", []);

    private readonly TemporaryFolder _folder = new();

    private KnownCrashes Known => new(new StateFolder(_folder.Path), "mac");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_guest_that_nothing_is_known_of_is_forgotten_all_the_same() =>
        Should.NotThrow(() => KnownCrashes.Forget(new StateFolder(_folder.Combine("new")), "mac"));

    [Fact]
    public void The_build_that_killed_a_guest_is_refused_with_the_crash_and_the_way_out()
    {
        Known.Remember("ring", Build, s_crash, "/runs/1", DateTimeOffset.UnixEpoch);

        var refusal = Should.Throw<KnownCrashException>(() => Known.Require([null, "fedcba", Build]));

        refusal.Message.ShouldStartWith("ring was not loaded into guest mac: this very build (0123456789abcdef) killed its kernel before: BUG: NULL pointer dereference in ring_write [ring]");
        refusal.Message.ShouldContain("/runs/1");
        refusal.Message.ShouldEndWith("--force loads this one all the same.");
    }

    [Fact]
    public void Another_build_another_guest_and_one_that_is_forgotten_are_not_refused()
    {
        Known.Remember("ring", Build, s_crash, "/runs/1", DateTimeOffset.UnixEpoch);

        Should.NotThrow(() => Known.Require(["fedcba", null]));
        Should.NotThrow(() => new KnownCrashes(new StateFolder(_folder.Path), "other").Require([Build]));
        KnownCrashes.Forget(new StateFolder(_folder.Path), "mac");
        Should.NotThrow(() => Known.Require([Build]));
        Should.NotThrow(() => KnownCrashes.Forget(new StateFolder(_folder.Path), "mac"));
    }

    [Fact]
    public void A_file_that_is_damaged_knows_nothing_and_is_written_anew()
    {
        Directory.CreateDirectory(_folder.Combine("crashes"));
        File.WriteAllText(_folder.Combine("crashes/mac.json"), "[{");

        Should.NotThrow(() => Known.Require([Build]));
        Known.Remember("ring", Build, s_crash, "/runs/1", DateTimeOffset.UnixEpoch);
        Should.Throw<KnownCrashException>(() => Known.Require([Build]));
    }

    [Fact]
    public void The_same_crash_is_kept_once_and_the_newest_stay()
    {
        for (var build = 0; build < 120; build++)
        {
            Known.Remember("ring", $"{build / 2}", s_crash, "/runs/1", DateTimeOffset.UnixEpoch);
        }

        Should.NotThrow(() => Known.Require(["9"]));
        Should.Throw<KnownCrashException>(() => Known.Require(["10"]));
    }
}
