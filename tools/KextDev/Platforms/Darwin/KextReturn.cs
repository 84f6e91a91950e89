using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Platforms.Darwin;

/// <summary>A result of the kernel's kext subsystem: 0xdc008001 and on, printed as "(libkern/kext) TEXT" (XNU's libkern/OSKextLib.h).</summary>
/// <param name="Code">The last two digits: 0x01 to 0x1b.</param>
/// <param name="Text">After the prefix.</param>
/// <param name="WayOut">A sentence; empty where the text says it all.</param>
public sealed partial record KextReturn(int Code, string Text, string WayOut = "")
{
    public static IReadOnlyList<KextReturn> All { get; } =
    [
        new(0x01, "internal error"),
        new(0x02, "allocation failure"),
        new(0x03, "resource shortage"),
        new(0x04, "not privileged", "Let the guest's definition name a user who is root."),
        new(0x05, "invalid argument"),
        new(0x06, "not found"),
        new(0x07, "bad data (mkext/other)"),
        new(0x08, "XML (un)serialization error"),
        new(0x09, "function/version unsupported"),
        new(0x0a, "function disabled"),
        new(0x0b, "malformed kext (bundle layout/missing plist)", "./build.sh KernelCheck says what is wrong with a bundle."),
        new(0x0c, "validation failure (plist/executable)", "./build.sh KernelCheck says what is wrong with a bundle."),
        new(0x0d, "authentication failure (file ownership/permissions)", "All of the bundle must belong to root:wheel, and nobody else may write to it."),
        new(0x0e, "dependency resolution failure", "OSBundleLibraries must name what this release of macOS has: ./build.sh KernelCheck proposes it."),
        new(0x0f, "requested architecture/executable not found"),
        new(0x10, "cache error"),
        new(0x11, "operation deferred (queued to user space)"),
        new(0x12, "operation/kext not allowed at current boot level"),
        new(0x13, "not loadable (reason unspecified)", "An unsigned kext needs boot-args kext-dev-mode=1 on 10.10, and SIP without kext signing from 10.11 on."),
        new(0x14, "different version/uuid already loaded", "Unload the other one first."),
        new(0x15, "dependency load failed"),
        new(0x16, "link error"),
        new(0x17, "kext (kmod) start/stop routine failed"),
        new(0x18, "kext is in use or retained (cannot unload)"),
        new(0x19, "kext request timed out"),
        new(0x1a, "kext is stopping and cannot issue requests"),
        new(0x1b, "system policy prevents loading", "Approve the kext in the guest's System Preferences, or switch off SIP's kext signing in its Recovery: csrutil enable --without kext."),
    ];

    /// <summary>The result that a command's output names, by its text or its number; null when it names none that is known.</summary>
    public static KextReturn? Find(string output) =>
        All.FirstOrDefault(result => output.Contains($"(libkern/kext) {result.Text}", StringComparison.Ordinal))
        ?? (Number().Match(output) is { Success: true } match ? Of(match.Groups["code"].ValueSpan) : null);

    private static KextReturn? Of(ReadOnlySpan<char> digits)
    {
        var code = int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return All.FirstOrDefault(result => result.Code == code);
    }

    [GeneratedRegex(@"0xdc0080(?<code>[0-9a-f]{2})\b", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();
}
