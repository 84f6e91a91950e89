using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>What a macOS guest says of itself that decides whether it loads a kext without Apple's signature.</summary>
/// <param name="Machine">As <c>uname -m</c> prints it.</param>
/// <param name="BootArguments">Those that the running kernel was started with.</param>
/// <param name="Sip">Null where csrutil does not say.</param>
/// <param name="AsksConsent">Whether a person must approve new kexts; null where spctl does not say.</param>
/// <param name="SealsSystem">Whether the system's volume is sealed (authenticated root); null where csrutil does not say.</param>
/// <param name="SecureBoot">Null on a machine without Apple's secure boot.</param>
public sealed record DarwinLoadFacts(
    SwVers System, string Machine, bool IsRoot, BootArguments BootArguments, SipStatus? Sip, bool? AsksConsent, bool? SealsSystem, SecureBootPolicy? SecureBoot)
{
    /// <summary>The boot-arg of 10.10 that switches signatures off.</summary>
    public const string DevelopmentMode = "kext-dev-mode";

    /// <summary>The variable with its vendor's GUID, as nvram takes it.</summary>
    private const string SecureBootVariable = "94b73556-2197-4702-82a8-3e1337dafbfb:AppleSecureBootPolicy";

    private const string Mark = "-- kextdev --";

    private const string Recovery = "Restart the guest into Recovery (hold Command-R while it starts), open Utilities, Terminal, and type: ";

    private const string Warning =
        "Do so only on a machine for tests that can be restored: with the protection off, whatever is loaded there runs in the kernel, and a faulty kext takes the machine down.";

    /// <summary>Whether this release's boot-args decide on kexts without a signature: 10.10's alone.</summary>
    public static bool AsksBootArguments(SwVers system) => system.Version >= new Version(10, 10) && system.Version < new Version(10, 11);

    public static async Task<DarwinLoadFacts> ReadAsync(GuestShell shell, SwVers system, CancellationToken cancellationToken)
    {
        string[] commands =
        [
            "uname -m", "id -u", "sysctl -n kern.bootargs", "csrutil status", "spctl kext-consent status", "csrutil authenticated-root status", $"nvram {SecureBootVariable}",
        ];

        // One journey; a command that a release lacks leaves its part empty.
        var answer = await shell.RunAsync(string.Join($"; echo; echo {Mark}; ", commands), cancellationToken);
        var parts = answer.Output.Split($"\n{Mark}\n");
        string Printed(int command) => command < parts.Length ? parts[command] : "";
        return new DarwinLoadFacts(
            system,
            Printed(0).Trim(),
            Printed(1).Trim() == "0",
            BootArguments.Parse(Printed(2)),
            SipStatus.Parse(Printed(3)),
            ReadConsent(Printed(4)),
            ReadSeal(Printed(5)),
            ReadSecureBoot(Printed(6)));
    }

    public IReadOnlyList<LoadCondition> Judge() =>
    [
        .. JudgeMachine(),
        JudgeSignature(),
        .. System.Version >= new Version(10, 13) ? [JudgeConsent()] : Array.Empty<LoadCondition>(),
        .. System.HasKmutil ? [JudgeSeal()] : Array.Empty<LoadCondition>(),
        .. SecureBoot is { } policy ? [JudgeSecureBoot(policy)] : Array.Empty<LoadCondition>(),
    ];

    // "Kernel Extension User Consent: ENABLED"
    internal static bool? ReadConsent(string output) => Ends(output, "User Consent: ");

    // "Authenticated Root status: enabled"
    internal static bool? ReadSeal(string output) => Ends(output, "Authenticated Root status: ");

    // NAME, a tab, one byte.
    internal static SecureBootPolicy? ReadSecureBoot(string output) => output.TrimEnd().Split('\t') is [_, ['%', '0', var digit]]
        ? digit switch
        {
            '0' => SecureBootPolicy.None,
            '1' => SecureBootPolicy.Medium,
            '2' => SecureBootPolicy.Full,
            _ => null,
        }
        : null;

    private static bool? Ends(string output, string label)
    {
        var at = output.IndexOf(label, StringComparison.OrdinalIgnoreCase);
        var state = at < 0 ? "" : output[(at + label.Length)..];
        return state.StartsWith("enabled", StringComparison.OrdinalIgnoreCase) ? true
            : state.StartsWith("disabled", StringComparison.OrdinalIgnoreCase) ? false
            : null;
    }

    private IEnumerable<LoadCondition> JudgeMachine()
    {
        yield return new LoadCondition("system", $"{System}");
        yield return Machine == "x86_64"
            ? new LoadCondition("processor", Machine)
            : new LoadCondition("processor", Machine, LoadEffect.PreventsLoading, "Kexts are built for x86_64. Choose a guest on an Intel processor.");
        yield return IsRoot
            ? new LoadCondition("user", "root")
            : new LoadCondition("user", "not root", LoadEffect.PreventsLoading, "Let the guest's definition name a user who is root.");
    }

    private LoadCondition JudgeSignature()
    {
        if (System.Version < new Version(10, 10))
        {
            return new LoadCondition("kext signing", "a warning only");
        }

        if (AsksBootArguments(System))
        {
            return BootArguments.Get(DevelopmentMode) == "1"
                ? new LoadCondition(DevelopmentMode, "1")
                : new LoadCondition(
                    DevelopmentMode,
                    BootArguments.Get(DevelopmentMode) ?? "not set",
                    LoadEffect.PreventsLoading,
                    $"Add {DevelopmentMode}=1 to the guest's boot-args and restart it, as KernelDeps --guest and KernelConfigureTarget do. {Warning}")
                { IsBootArgument = true };
        }

        const string Subject = "SIP, kext signing";
        return Sip?.ProtectsKexts switch
        {
            false => new LoadCondition(Subject, "off" + (Sip.State == "disabled" ? " (SIP is disabled)" : "")),
            true => new LoadCondition(
                Subject,
                $"on (SIP is {Sip.State})",
                LoadEffect.PreventsLoading,
                $"{Recovery}csrutil enable --without kext; reboot. csrutil disable switches off the rest, too. {Warning}"),
            null => new LoadCondition(
                Subject,
                Sip is null ? "csrutil does not say" : $"not told (SIP is {Sip.State})",
                LoadEffect.Unknown,
                $"Should a kext be refused: {Recovery}csrutil enable --without kext; reboot. {Warning}"),
        };
    }

    // To 10.15 nobody is asked once signatures are not looked at; of 11 that is not documented.
    private LoadCondition JudgeConsent()
    {
        const string Subject = "user's approval";
        const string WayOut = $"{Recovery}spctl kext-consent disable; reboot. Or approve the kext in System Preferences, Security & Privacy, after its first load, and restart.";
        return (AsksConsent, Sip?.ProtectsKexts) switch
        {
            (false, _) => new LoadCondition(Subject, "not asked for"),
            (true, false) when !System.HasKmutil => new LoadCondition(Subject, "not asked for while kext signing is off"),
            (true, true) => new LoadCondition(Subject, "asked for", LoadEffect.PreventsLoading, WayOut),
            (true, _) => new LoadCondition(Subject, "may be asked for at the first load", LoadEffect.Unknown, $"Should a kext be refused as not approved: {WayOut}"),
            (null, _) => new LoadCondition(Subject, "spctl does not say", LoadEffect.Unknown, $"Should a kext be refused as not approved: {WayOut}"),
        };
    }

    private LoadCondition JudgeSeal() => SealsSystem switch
    {
        false => new LoadCondition("authenticated root", "off"),
        true => new LoadCondition(
            "authenticated root", "on", LoadEffect.HindersDebugging, $"A debug kit's kernel cannot be installed on the sealed system. {Recovery}csrutil authenticated-root disable; reboot."),
        null => new LoadCondition("authenticated root", "csrutil does not say", LoadEffect.Unknown),
    };

    private static LoadCondition JudgeSecureBoot(SecureBootPolicy policy) => policy == SecureBootPolicy.None
        ? new LoadCondition("secure boot", "off")
        : new LoadCondition(
            "secure boot",
            policy == SecureBootPolicy.Full ? "full" : "medium",
            LoadEffect.HindersDebugging,
            "A debug kit's kernel does not start. Restart the guest into Recovery, open Utilities, Startup Security Utility, and choose No Security.");
}

/// <summary>How much of what a Mac starts must be signed, by Apple's own levels.</summary>
public enum SecureBootPolicy
{
    None,
    Medium,
    Full,
}
