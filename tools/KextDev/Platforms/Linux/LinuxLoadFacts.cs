using System.Globalization;
using KextDev.Shells;

namespace KextDev.Platforms.Linux;

/// <summary>What a Linux guest says of itself that decides whether it loads a module that nobody signed.</summary>
/// <param name="Release">As <c>uname -r</c> prints it.</param>
/// <param name="HasModules">Whether the kernel takes modules at all.</param>
/// <param name="MayLoad">Whether its user has the capability CAP_SYS_MODULE, which root lacks in a container.</param>
/// <param name="ModulesDisabled">The switch that only a restart turns back (kernel.modules_disabled).</param>
/// <param name="EnforcesSignatures">module.sig_enforce; null for a kernel that knows no signatures.</param>
/// <param name="Lockdown">"none", "integrity" or "confidentiality"; null for a kernel without lockdown, or where securityfs is not mounted.</param>
public sealed record LinuxLoadFacts(string Release, bool IsRoot, bool HasModules, bool MayLoad, bool ModulesDisabled, bool? EnforcesSignatures, string? Lockdown)
{
    // CAP_SYS_MODULE of linux/capability.h.
    private const ulong LoadsModules = 1UL << 16;

    // A line a fact; what is not there leaves its value empty.
    private const string Command = """
        echo "release=$(uname -r)"
        echo "user=$(id -u)"
        echo "modules=$([ -e /proc/modules ] && echo yes)"
        echo "capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status 2>/dev/null)"
        echo "disabled=$(cat /proc/sys/kernel/modules_disabled 2>/dev/null)"
        echo "enforce=$(cat /sys/module/module/parameters/sig_enforce 2>/dev/null)"
        echo "lockdown=$(cat /sys/kernel/security/lockdown 2>/dev/null)"
        """;

    public static async Task<LinuxLoadFacts> ReadAsync(GuestShell shell, CancellationToken cancellationToken) =>
        Parse((await shell.RunAsync(Command, cancellationToken)).Output);

    /// <param name="output">NAME=VALUE, a line each; what is missing is taken as not there.</param>
    internal static LinuxLoadFacts Parse(string output)
    {
        var values = output.Split('\n').Select(line => line.Trim().Split('=', 2)).Where(pair => pair.Length == 2).DistinctBy(pair => pair[0])
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        string Value(string name) => values.GetValueOrDefault(name, "");
        return new LinuxLoadFacts(
            Value("release"),
            Value("user") == "0",
            Value("modules") == "yes",
            !ulong.TryParse(Value("capabilities"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var capabilities) || (capabilities & LoadsModules) != 0,
            Value("disabled") == "1",
            Value("enforce") switch { "Y" or "1" => true, "N" or "0" => false, _ => null },
            // All modes, and the one that holds in brackets: "none [integrity] confidentiality".
            Value("lockdown").Split(' ').Where(mode => mode is ['[', .., ']']).Select(mode => mode[1..^1]).FirstOrDefault());
    }

    public IReadOnlyList<LoadCondition> Judge() =>
    [
        new LoadCondition("kernel", Release),
        IsRoot
            ? new LoadCondition("user", "root")
            : new LoadCondition("user", "not root", LoadEffect.PreventsLoading, "Let the guest's definition name a user who is root."),
        (HasModules, MayLoad || !IsRoot, ModulesDisabled) switch
        {
            (_, false, _) => new LoadCondition(
                "modules", "not allowed to root", LoadEffect.PreventsLoading, "Root has no capability CAP_SYS_MODULE there, as in a container: modules are loaded by the container's host alone. Use a guest with a kernel of its own."),
            (false, _, _) => new LoadCondition("modules", "not supported", LoadEffect.PreventsLoading, "Its kernel was built without CONFIG_MODULES. Start it with another one, or use a guest."),
            (_, _, true) => new LoadCondition(
                "modules", "switched off until the next start", LoadEffect.PreventsLoading, "Remove what sets kernel.modules_disabled from the guest's /etc/sysctl.conf and /etc/sysctl.d, and restart it."),
            _ => new LoadCondition("modules", "can be loaded"),
        },
        EnforcesSignatures == true
            ? new LoadCondition(
                "module signatures", "enforced", LoadEffect.PreventsLoading, "Remove module.sig_enforce from the guest's kernel command line and restart it; a kernel with CONFIG_MODULE_SIG_FORCE needs replacing.")
            : new LoadCondition("module signatures", EnforcesSignatures is null ? "not known to this kernel" : "not enforced"),
        Lockdown is null or "none"
            ? new LoadCondition("lockdown", Lockdown ?? "none that can be seen")
            : new LoadCondition(
                "lockdown", Lockdown, LoadEffect.PreventsLoading,
                "Switch off secure boot in the machine's firmware (VMware: uefi.secureBoot.enabled = \"FALSE\" in its .vmx file), remove lockdown= from the kernel command line, and restart the guest."),
    ];
}
