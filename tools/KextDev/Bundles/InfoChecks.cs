namespace KextDev.Bundles;

/// <summary>The keys of Info.plist: present, of the right kind, with values that the loader takes. KC1003 to KC1016.</summary>
internal static class InfoChecks
{
    // kmod_info's name and version have 64 bytes with the closing zero.
    private const int LongestName = 63;

    private static readonly string[] RequiredAt = ["Root", "Local-Root", "Network-Root", "Console", "Safe Boot"];

    private static readonly string[] Flags = ["OSBundleAllowUserLoad", "OSBundleEnableKextLogging", "OSBundleIsInterface"];

    public static IEnumerable<Finding> Check(KextBundle bundle, PlistDict info)
    {
        var where = bundle.InfoPath;
        return
        [
            .. CheckTexts(info, where),
            .. CheckIdentifier(info, where),
            .. CheckVersions(info, where),
            .. CheckOthers(bundle, info, where),
            .. CheckPersonalities(info, where),
            .. CheckLibraries(info, where),
        ];
    }

    private static IEnumerable<Finding> CheckTexts(PlistDict info, string where)
    {
        foreach (var key in (string[])["CFBundleIdentifier", "CFBundleVersion", "CFBundlePackageType"])
        {
            if (info[key] is null)
            {
                yield return Error("KC1003", $"{key} is missing", where, $"Add {key}; the loader needs it.");
            }
            else if (info.TextOf(key) is null)
            {
                yield return WrongKind(info, key, "string", where);
            }
        }

        if (info.TextOf("CFBundlePackageType") is { } type && type != "KEXT")
        {
            yield return Error("KC1005", $"CFBundlePackageType is '{type}'", where + ":CFBundlePackageType", "Write KEXT.");
        }

        if (info.TextOf("CFBundleInfoDictionaryVersion") != "6.0")
        {
            yield return Warning(
                "KC1004", "CFBundleInfoDictionaryVersion is not the string 6.0", where, "Add CFBundleInfoDictionaryVersion with 6.0.");
        }

        if (info.TextOf("CFBundleName") is null)
        {
            yield return Warning("KC1003", "CFBundleName is missing", where, "Add the name that people shall see.");
        }
    }

    private static IEnumerable<Finding> CheckIdentifier(PlistDict info, string where)
    {
        where += ":CFBundleIdentifier";
        if (info.TextOf("CFBundleIdentifier") is not { } identifier)
        {
            yield break;
        }

        if (identifier.Length is 0 or > LongestName)
        {
            yield return Error("KC1007", $"the identifier has {identifier.Length} characters", where, $"Use 1 to {LongestName}.");
        }
        else if (!identifier.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            yield return Warning(
                "KC1008", $"the identifier '{identifier}' holds other characters than letters, digits, '.', '-' and '_'", where,
                "Write it as a reversed domain name.");
        }
    }

    private static IEnumerable<Finding> CheckVersions(PlistDict info, string where)
    {
        var version = KextVersion.Parse(info.TextOf("CFBundleVersion"));
        if (info.TextOf("CFBundleVersion") is { } text && version is null)
        {
            yield return BadVersion("CFBundleVersion", text, where);
        }

        if (info["OSBundleCompatibleVersion"] is not { } compatibleValue)
        {
            yield break;
        }

        if (compatibleValue is not PlistText(var compatibleText))
        {
            yield return WrongKind(info, "OSBundleCompatibleVersion", "string", where);
        }
        else if (KextVersion.Parse(compatibleText) is not { } compatible)
        {
            yield return BadVersion("OSBundleCompatibleVersion", compatibleText, where);
        }
        else if (compatible > version)
        {
            yield return Error(
                "KC1009", $"OSBundleCompatibleVersion {compatibleText} is later than CFBundleVersion {version}",
                where + ":OSBundleCompatibleVersion", "Name the oldest version that this one can stand in for.");
        }
    }

    private static IEnumerable<Finding> CheckOthers(KextBundle bundle, PlistDict info, string where)
    {
        if (!bundle.Folder.EndsWith(".kext", StringComparison.Ordinal))
        {
            yield return Error("KC1010", $"the folder '{Path.GetFileName(bundle.Folder)}' does not end in .kext", "", "Rename it.");
        }

        if (info["CFBundleExecutable"] is { } executable)
        {
            if (executable is not PlistText(var name))
            {
                yield return WrongKind(info, "CFBundleExecutable", "string", where);
            }
            else if (bundle.ExecutablePath is null)
            {
                var place = bundle.Layout == BundleLayout.Modern ? "Contents/MacOS/" : "";
                yield return Error(
                    "KC1011", $"the executable '{name}' is missing", where + ":CFBundleExecutable",
                    $"Put the file to {place}{name}, or take the key out of a kext without code.");
            }
        }

        if (info["OSBundleRequired"] is { } required && (required is not PlistText(var stage) || !RequiredAt.Contains(stage)))
        {
            yield return Error(
                "KC1012", "OSBundleRequired has no legal value", where + ":OSBundleRequired",
                $"Write one of {string.Join(", ", RequiredAt)}, or take it out.");
        }

        foreach (var flag in Flags.Where(flag => info[flag] is not (null or PlistFlag)))
        {
            yield return WrongKind(info, flag, "boolean", where);
        }
    }

    private static IEnumerable<Finding> CheckPersonalities(PlistDict info, string where)
    {
        where += ":IOKitPersonalities";
        if (info["IOKitPersonalities"] is not { } value)
        {
            yield break;
        }

        if (value is not PlistDict personalities)
        {
            yield return WrongKind(info, "IOKitPersonalities", "dict", where);
            yield break;
        }

        foreach (var (name, personality) in personalities.Entries)
        {
            if (personality is not PlistDict keys)
            {
                yield return Error("KC1014", $"personality '{name}' is a {personality.Kind}", where, "Make it a dictionary.");
                continue;
            }

            foreach (var key in ((string[])["IOClass", "IOProviderClass"]).Where(key => keys.TextOf(key) is null))
            {
                yield return Error("KC1014", $"personality '{name}' has no string {key}", where, $"Add {key}.");
            }

            if (keys.TextOf("IOProviderClass") == "IOResources" && keys.TextOf("IOMatchCategory") != keys.TextOf("IOClass"))
            {
                yield return Warning(
                    "KC1015", $"personality '{name}' matches IOResources without a category of its own, so other drivers may keep it out",
                    where, "Add IOMatchCategory with the value of IOClass.");
            }
        }
    }

    private static IEnumerable<Finding> CheckLibraries(PlistDict info, string where)
    {
        foreach (var key in (string[])["OSBundleLibraries", "OSBundleLibraries_x86_64"])
        {
            if (info[key] is not (null or PlistDict))
            {
                yield return WrongKind(info, key, "dict", where);
            }

            foreach (var (library, version) in (info[key] as PlistDict)?.Entries.ToArray() ?? [])
            {
                if (version is not PlistText(var text))
                {
                    yield return Error("KC1016", $"the version of {library} is a {version.Kind}", $"{where}:{key}",
                        "Write it as a string.");
                }
                else if (KextVersion.Parse(text) is null)
                {
                    yield return BadVersion(library, text, $"{where}:{key}");
                }
            }
        }
    }

    private static Finding BadVersion(string key, string text, string where) => Error(
        "KC1006", $"'{text}' is no version of {key}", where,
        "Write up to 4 digits, then .NN and .NN if wanted, then d, a, b or fc and a level to 255 before a release: 1.0.0d1.");

    private static Finding WrongKind(PlistDict info, string key, string kind, string where) =>
        Error("KC1004", $"{key} is a {info[key]?.Kind}", $"{where}:{key}", $"Make it a {kind}.");

    private static Finding Error(string code, string message, string where, string fix) =>
        new(Severity.Error, code, message, where, fix);

    private static Finding Warning(string code, string message, string where, string fix) =>
        new(Severity.Warning, code, message, where, fix);
}
