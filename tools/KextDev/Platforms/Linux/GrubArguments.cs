using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Platforms.Linux;

/// <summary>
/// Kernel arguments that a Linux guest's GRUB adds to those that its configuration has: a drop-in of KextDev's own, which the distribution's own command merges
/// into GRUB's menu. A user who is not root needs the sudo that VmProvision sets up.
/// </summary>
public sealed class GrubArguments
{
    public const string File = $"{Settings}.d/kextdev.cfg";

    private const string Settings = "/etc/default/grub";

    // Only Debian's grub-mkconfig reads drop-ins by itself; others are led there by a line in their settings.
    private const string HookLine = $"[ ! -r {File} ] || . {File}";
    private const string Finds = "PATH=$PATH:/usr/sbin:/sbin; ";

    private readonly GuestShell _shell;
    private readonly string _asRoot;
    private readonly bool _readsDrops;

    private GrubArguments(GuestShell shell, string asRoot, string updateCommand, bool readsDrops)
    {
        _shell = shell;
        _asRoot = asRoot;
        _readsDrops = readsDrops;
        UpdateCommand = updateCommand;
    }

    /// <summary>What makes GRUB's menu anew, as root.</summary>
    public string UpdateCommand { get; }

    /// <param name="guest">Its name.</param>
    /// <returns>Null where no command makes GRUB's menu from such settings.</returns>
    /// <exception cref="InfrastructureException">Its menu comes from files of another kind.</exception>
    public static async Task<GrubArguments?> FindAsync(GuestShell shell, string guest, CancellationToken cancellationToken)
    {
        // A line a fact; what is not there leaves its value empty.
        var facts = await shell.RunAsync(
            $"""
            {Finds}
            make=$(command -v grub2-mkconfig || command -v grub-mkconfig)
            echo "user=$(id -u)"
            echo "make=$make"
            echo "update=$(command -v update-grub)"
            echo "menu=$(if [ -d /boot/grub2 ]; then echo /boot/grub2/grub.cfg; else echo /boot/grub/grub.cfg; fi)"
            echo "drops=$([ -n "$make" ] && grep -qs 'default/grub\.d' "$make" && echo yes)"
            echo "entries=$(grep -qs '^GRUB_ENABLE_BLSCFG=.*true' {Settings} && echo yes)"
            """,
            cancellationToken);
        var values = facts.Output.Split('\n').Select(line => line.Trim().Split('=', 2)).Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        string Value(string name) => values.GetValueOrDefault(name, "");
        if (Value("entries") == "yes")
        {
            throw new InfrastructureException(
                $"The kernel of guest {guest} was not configured: its boot loader has an entry a kernel (BLS), which KextDev does not change. Add to them by hand: grubby --update-kernel=ALL --args=ARGUMENTS");
        }

        var update = (Value("update"), Value("make")) switch
        {
            ({ Length: > 0 } own, _) => own,
            (_, { Length: > 0 } make) => $"{make} -o {Value("menu")}",
            _ => null,
        };
        return update is null ? null : new GrubArguments(shell, Value("user") == "0" ? "" : "sudo -n ", update, Value("drops") == "yes");
    }

    /// <summary>The same, over another connection.</summary>
    public GrubArguments Over(GuestShell shell) => new(shell, _asRoot, UpdateCommand, _readsDrops);

    /// <summary>A simple command, found where root finds it and run as root.</summary>
    public string AsRoot(string command) => Finds + _asRoot + command;

    /// <summary>The arguments that GRUB would take for words of its own language, or split.</summary>
    public static IEnumerable<string> Objectionable(BootArguments arguments) => arguments.Words.Where(word => ShellWord.Quote(word) != word);

    /// <returns>Null where there is no drop-in.</returns>
    public async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        var answer = await _shell.RunAsync($"[ -e {File} ] && . {File} && printf '%s' \"$kextdev_arguments\"", cancellationToken);
        return answer.ExitCode == 0 ? answer.Output : null;
    }

    /// <summary>Writes the drop-in, or removes it, and makes the menu anew; where that fails, all is as it was.</summary>
    /// <param name="arguments">Null for none.</param>
    public async Task<KernelAnswer> WriteAsync(string? arguments, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(cancellationToken);
        if (await TryAsync(arguments, cancellationToken) is not { } refusal)
        {
            return KernelAnswer.Yes;
        }

        var again = await TryAsync(before, cancellationToken);
        return KernelAnswer.No(
            $"GRUB was not configured: {refusal} "
            + (again is null ? "Its settings are as they were." : $"Nor could its settings be put back: {again}")
            + (_asRoot.Length > 0 ? " A user who is not root needs sudo without a password for that: ./build.sh VmProvision sets it up." : ""));
    }

    private async Task<string?> TryAsync(string? arguments, CancellationToken cancellationToken)
    {
        foreach (var command in arguments is null ? Removal() : Writing(arguments))
        {
            var answer = await _shell.RunAsync(Finds + command, cancellationToken);
            if (answer.ExitCode != 0)
            {
                return $"'{command.Split('\n')[0]}' ended with exit code {answer.ExitCode}: {(answer.Error + answer.Output).Trim()}.";
            }
        }

        return null;
    }

    private IEnumerable<string> Removal()
    {
        yield return $"{_asRoot}rm -f {File}";
        if (!_readsDrops)
        {
            yield return $"{_asRoot}sed -i {ShellWord.Quote($"\\|^\\[ ! -r {File} ]|d")} {Settings}";
        }

        yield return _asRoot + UpdateCommand;
    }

    // The drop-in comes after what the distribution and people set: of two values of a name the kernel heeds the last.
    private IEnumerable<string> Writing(string arguments)
    {
        var content = $"""
            # Made by KextDev's KernelConfigureTarget; its --undo removes this file.
            kextdev_arguments={ShellWord.Quote(arguments)}
            GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT $kextdev_arguments"

            """;
        yield return $"{_asRoot}mkdir -p {Settings}.d";
        yield return $"printf '%s' {ShellWord.Quote(content)} | {_asRoot}tee {File} >/dev/null";
        if (!_readsDrops)
        {
            yield return $"grep -qF {ShellWord.Quote(HookLine)} {Settings} || {_asRoot}sed -i {ShellWord.Quote("$a " + HookLine)} {Settings}";
        }

        yield return _asRoot + UpdateCommand;
    }
}
