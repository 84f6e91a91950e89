using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace KextDev.Bundles;

/// <summary>What a version is on its way to. The numbers are those of the kernel's encoding.</summary>
public enum VersionStage
{
    Development = 1,
    Alpha = 3,
    Beta = 5,
    Candidate = 7,
    Release = 9,
}

/// <summary>
/// A kext's version by the loader's rules: up to four digits, two after a dot, two after another, then for what is no release a stage
/// (d, a, b, f or fc) and its level, 0 to 255 (a candidate's from 1). White space ends it. "1.0.0d1" precedes "1.0".
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly partial record struct KextVersion(int Major, int Minor, int Revision, VersionStage Stage, int Level)
    : IComparable<KextVersion>
{
    /// <summary>Characters; the loader's buffer has 20 bytes with the closing zero.</summary>
    public const int LongestText = 19;

    public KextVersion(int major, int minor = 0, int revision = 0)
        : this(major, minor, revision, VersionStage.Release, 0)
    {
    }

    /// <summary>The number that the kernel compares ("vers"): decimal MMMMmmrrSLLL.</summary>
    public long Number => (Major * 100_000_000L) + (Minor * 1_000_000L) + (Revision * 10_000L) + ((int)Stage * 1_000L) + Level;

    public static bool operator <(KextVersion left, KextVersion right) => left.Number < right.Number;

    public static bool operator >(KextVersion left, KextVersion right) => left.Number > right.Number;

    public static bool operator <=(KextVersion left, KextVersion right) => left.Number <= right.Number;

    public static bool operator >=(KextVersion left, KextVersion right) => left.Number >= right.Number;

    /// <returns>Null where the loader would call the version invalid.</returns>
    public static KextVersion? Parse(string? text)
    {
        if (text is null || text.Length > LongestText || Syntax().Match(text) is not { Success: true } match)
        {
            return null;
        }

        var stage = match.Groups["stage"].Value switch
        {
            "" => VersionStage.Release,
            "d" => VersionStage.Development,
            "a" => VersionStage.Alpha,
            "b" => VersionStage.Beta,
            _ => VersionStage.Candidate,
        };
        var level = Number("level");
        return level > 255 || (stage == VersionStage.Candidate && level == 0)
            ? null
            : new KextVersion(Number("major"), Number("minor"), Number("revision"), stage, level);

        int Number(string group) => match.Groups[group].ValueSpan is { IsEmpty: false } digits
            ? int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture)
            : 0;
    }

    /// <summary>Whether a library of this version serves one who asks for <paramref name="wanted"/>.</summary>
    /// <param name="compatible">The library's OSBundleCompatibleVersion: the oldest version whose users it still serves.</param>
    public bool Serves(KextVersion wanted, KextVersion compatible) => compatible <= wanted && wanted <= this;

    public int CompareTo(KextVersion other) => Number.CompareTo(other.Number);

    /// <summary>As the kernel prints it: the minor number always, the revision unless 0, candidates with "f".</summary>
    public override string ToString()
    {
        var revision = Revision == 0 ? "" : $".{Revision}";
        var stage = Stage switch
        {
            VersionStage.Release => "",
            VersionStage.Development => $"d{Level}",
            VersionStage.Alpha => $"a{Level}",
            VersionStage.Beta => $"b{Level}",
            _ => $"f{Level}",
        };
        return $"{Major}.{Minor}{revision}{stage}";
    }

    // An empty number after a dot counts as 0: the loader takes "1." and "1..".
    [GeneratedRegex(
        @"\A(?<major>[0-9]{1,4})(\.(?<minor>[0-9]{0,2})(\.(?<revision>[0-9]{0,2}))?)?"
        + @"((?<stage>d|a|b|fc?)(?<level>[0-9]{1,3}))?([ \t\r\n]|\z)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Syntax();
}
