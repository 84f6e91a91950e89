namespace KextDev.Bundles;

/// <summary>What a bundle's Info.plist says; <see cref="ToPlist"/> gives the whole classic list of keys.</summary>
/// <param name="Name">Of the bundle (NAME.kext), and of its executable unless <see cref="Executable"/> differs.</param>
/// <param name="Identifier">Reverse domain name, under 64 characters; also in kmod_info.</param>
/// <param name="Version">By the rules of <see cref="KextVersion"/>.</param>
/// <param name="Libraries">OSBundleLibraries: identifiers and the versions asked for.</param>
public sealed record KextInfo(string Name, string Identifier, string Version, IReadOnlyDictionary<string, string> Libraries)
{
    public string? Executable { get; init; }

    /// <summary>What people see; the version when null.</summary>
    public string? ShortVersion { get; init; }

    public string DevelopmentRegion { get; init; } = "en";

    public string Copyright { get; init; } = "";

    /// <summary>CFBundleGetInfoString; "NAME VERSION, COPYRIGHT" when null.</summary>
    public string? InfoString { get; init; }

    /// <summary>OSBundleRequired: Root, Local-Root, Network-Root, Console or Safe Boot; null where no boot needs it.</summary>
    public string? RequiredAt { get; init; }

    /// <summary>OSBundleAllowUserLoad: whether a program without privileges may ask for the load.</summary>
    public bool AllowUserLoad { get; init; }

    /// <summary>OSBundleCompatibleVersion: makes the kext a library for others.</summary>
    public string? CompatibleVersion { get; init; }

    /// <summary>IOKitPersonalities; a kext without drivers has none.</summary>
    public PlistDict? Personalities { get; init; }

    /// <summary>Further keys, for example IOKit's; they win over the others.</summary>
    public IReadOnlyDictionary<string, PlistValue> Further { get; init; } = new Dictionary<string, PlistValue>(StringComparer.Ordinal);

    /// <summary>A build for tests: it loads, and is refused as a package.</summary>
    public bool IsTestBuild { get; init; }

    public string ExecutableName => Executable ?? Name;

    public PlistDict ToPlist()
    {
        var entries = new Dictionary<string, PlistValue>(StringComparer.Ordinal)
        {
            ["CFBundleDevelopmentRegion"] = new PlistText(DevelopmentRegion),
            ["CFBundleExecutable"] = new PlistText(ExecutableName),
            ["CFBundleGetInfoString"] = new PlistText(GetInfoString()),
            ["CFBundleIdentifier"] = new PlistText(Identifier),
            ["CFBundleInfoDictionaryVersion"] = new PlistText("6.0"),
            ["CFBundleName"] = new PlistText(Name),
            ["CFBundlePackageType"] = new PlistText("KEXT"),
            ["CFBundleShortVersionString"] = new PlistText(ShortVersion ?? Version),
            ["CFBundleSignature"] = new PlistText("????"),
            ["CFBundleVersion"] = new PlistText(Version),
            ["NSHumanReadableCopyright"] = new PlistText(Copyright),
            ["OSBundleAllowUserLoad"] = new PlistFlag(AllowUserLoad),
            ["OSBundleLibraries"] = new PlistDict(Libraries.ToDictionary(
                library => library.Key, library => (PlistValue)new PlistText(library.Value), StringComparer.Ordinal)),
        };
        if (RequiredAt is not null)
        {
            entries["OSBundleRequired"] = new PlistText(RequiredAt);
        }

        if (CompatibleVersion is not null)
        {
            entries["OSBundleCompatibleVersion"] = new PlistText(CompatibleVersion);
        }

        if (Personalities is not null)
        {
            entries["IOKitPersonalities"] = Personalities;
        }

        foreach (var (key, value) in Further)
        {
            entries[key] = value;
        }

        return new PlistDict(entries);
    }

    /// <summary>The entries of InfoPlist.strings: what a person reads, in the development region's language.</summary>
    public IReadOnlyDictionary<string, string> ToStrings() => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["CFBundleGetInfoString"] = GetInfoString(),
        ["CFBundleName"] = Name,
        ["NSHumanReadableCopyright"] = Copyright,
    };

    private string GetInfoString() =>
        InfoString ?? (Copyright.Length == 0 ? $"{Name} {ShortVersion ?? Version}" : $"{Name} {ShortVersion ?? Version}, {Copyright}");
}
