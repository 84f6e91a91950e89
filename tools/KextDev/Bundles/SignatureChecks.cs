namespace KextDev.Bundles;

/// <summary>Whether the bundle is signed and what that means on each release. KC1401 to KC1403. No certificate is judged.</summary>
internal static class SignatureChecks
{
    public static IEnumerable<Finding> Check(KextBundle bundle, KextExecutable? executable, IReadOnlyList<MacRelease> releases)
    {
        var codeSigned = bundle.HasDetachedSignature || (executable?.IsSigned ?? false);
        if (codeSigned != bundle.HasSealedResources && executable is not null)
        {
            yield return new Finding(
                Severity.Warning,
                "KC1402",
                codeSigned
                    ? "the executable carries a signature, and _CodeSignature/CodeResources is missing"
                    : "_CodeSignature/CodeResources is there, and the executable carries no signature",
                "",
                "Sign the finished bundle anew: codesign --force.");
        }

        if (!bundle.HasSealedResources)
        {
            foreach (var meaning in releases.GroupBy(Unsigned))
            {
                yield return new Finding(
                    Severity.Warning, "KC1401", $"not signed: on {ReleaseNames.Of(meaning)} {meaning.Key}", "",
                    "Sign it with a Developer ID for kexts.");
            }
        }

        foreach (var meaning in releases.Where(release => release.Darwin >= 17).GroupBy(Approval))
        {
            yield return new Finding(Severity.Note, "KC1403", $"on {ReleaseNames.Of(meaning)} {meaning.Key}", "", "");
        }
    }

    private static string Unsigned(MacRelease release) => release.Darwin switch
    {
        13 => "the loader refuses it in /Library/Extensions and warns elsewhere",
        14 => "it loads only with the boot argument kext-dev-mode=1",
        _ => "it loads only where System Integrity Protection does not check kexts (Recovery: csrutil enable --without kext)",
    };

    private static string Approval(MacRelease release) => release.Darwin switch
    {
        < 19 => "a user must approve the kext (Security & Privacy) unless its team is allowed by spctl kext-consent or a profile",
        19 => "a user must approve the kext, and a signed one must be notarized",
        _ => "a user must approve the kext and restart: it is linked into the auxiliary collection, and a signed one must be notarized",
    };
}
