using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using KextDev.Guests.Vmware;
using KextDev.Projects;

namespace KextDev.Guests;

/// <summary>What a guest is: one JSON file in vm/, described by vm/guest.schema.json.</summary>
/// <param name="Driver">Who runs the machine.</param>
/// <param name="Platform">Which system runs in it.</param>
/// <param name="Recipe">What its system is made from; null for a system that KextDev did not make.</param>
/// <param name="Init">The guest's first program, a shell script; relative to the definition's file.</param>
public sealed record GuestDefinition(GuestDriver Driver, GuestPlatform Platform, GuestRecipe? Recipe = null, string? Init = null)
{
    private const string SchemaEnding = ".schema";

    /// <summary>MiB. VMware: what VmCreate gives a machine that it makes.</summary>
    [Range(96, 1024 * 1024)]
    public int Memory { get; init; } = 256;

    /// <summary>VMware: what VmCreate gives a machine that it makes.</summary>
    [Range(1, 255)]
    public int Cpus { get; init; } = 2;

    public Accelerator Accelerator { get; init; } = Accelerator.Auto;

    /// <summary>Of the guest's SSH server. For QEMU: the loopback port that leads to it, and 0 takes a free one. For others 0 is the usual one, 22.</summary>
    [Range(0, 65535)]
    public int Port { get; init; }

    /// <summary>Seconds within which a started guest must answer.</summary>
    [Range(1, 3600)]
    public int StartLimit { get; init; } = 60;

    /// <summary>The release of macOS that a Darwin guest runs, or as which it speaks.</summary>
    [AllowedValues("10.9", "10.10", "10.11", "10.12", "10.13", "10.14", "10.15", "11")]
    public string Release { get; init; } = "10.15";

    /// <summary>Whether a Darwin guest's kernel checks each use of memory, which makes it slower.</summary>
    public bool Sanitize { get; init; }

    /// <summary>A Darwin guest's kernel and commands: the folder of their C sources; relative to the definition's file.</summary>
    public string? KextHost { get; init; }

    /// <summary>VMware: the machine's .vmx file; relative to the definition's file.</summary>
    public string? Vmx { get; init; }

    /// <summary>VMware: the path of its vmrun, relative to the definition's file; looked for where VMware installs it when null.</summary>
    public string? Vmrun { get; init; }

    /// <summary>VMware: which product; the usual one of this host when null.</summary>
    public VmwareProduct? Product { get; init; }

    /// <summary>VMware: what the machine is restored to before each start; it goes on as it is when null.</summary>
    public string? Snapshot { get; init; }

    /// <summary>VMware: the disk with a system that VmCreate copies into the machine; relative to the definition's file.</summary>
    public string? Disk { get; init; }

    /// <summary>VMware: the .vmx file of the machine of which VmCreate makes a linked clone; relative to the definition's file.</summary>
    public string? Base { get; init; }

    /// <summary>VMware: the snapshot of the base that a clone starts from; the base as it is, off, when null.</summary>
    public string? BaseSnapshot { get; init; }

    /// <summary>SSH: name or address of the machine.</summary>
    public string? Host { get; init; }

    /// <summary>SSH: a shell command of this host that starts the machine; it runs already when null.</summary>
    public string? StartCommand { get; init; }

    /// <summary>SSH: a shell command of this host that stops the machine; nothing stops it when null.</summary>
    public string? StopCommand { get; init; }

    /// <summary>VMware and SSH: who logs in; must be allowed to load extensions.</summary>
    public string User { get; init; } = "root";

    /// <summary>VMware and SSH: file with the private key to log in with, relative to the definition's file; this checkout's own key when null.</summary>
    public string? Key { get; init; }

    /// <summary>VMware and SSH: the guest's public key, "ssh-ed25519 AAAA..."; or "learn": whichever is met first is believed from then on.</summary>
    public string? HostKey { get; init; }

    /// <summary>VMware and SSH, with Linux: the folder of the headers of the guest's kernel on this host; relative to the definition's file.</summary>
    public string? KernelHeaders { get; init; }

    /// <summary>This very machine, which needs no file.</summary>
    [JsonIgnore]
    public static GuestDefinition Local { get; } =
        new(GuestDriver.Local, OperatingSystem.IsMacOS() ? GuestPlatform.Darwin : GuestPlatform.Linux) { Name = "local", File = "vm/local.json" };

    /// <summary>The file's name without its extension.</summary>
    [JsonIgnore]
    public string Name { get; init; } = "";

    /// <summary>Full path of the file that this was read from.</summary>
    [JsonIgnore]
    public string File { get; init; } = "";

    [JsonIgnore]
    public string InitFile => Resolve(Init) ?? throw new InvalidOperationException($"The guest {Name} is not made by KextDev and has no init script.");

    [JsonIgnore]
    public string? KextHostFolder => Resolve(KextHost);

    [JsonIgnore]
    public string VmxFile => Resolve(Vmx) ?? throw new InvalidOperationException($"The guest {Name} is not VMware's.");

    [JsonIgnore]
    public string? VmrunFile => Resolve(Vmrun);

    [JsonIgnore]
    public string? DiskFile => Resolve(Disk);

    [JsonIgnore]
    public string? BaseFile => Resolve(Base);

    [JsonIgnore]
    public string? KeyFile => Resolve(Key);

    [JsonIgnore]
    public string? KernelHeadersFolder => Resolve(KernelHeaders);

    /// <summary>QEMU: what the kernel is told besides, word by word.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> KernelArguments { get; init; } = [];

    /// <summary>Whether each start finds the guest as it was made: what is changed within lasts until it ends.</summary>
    [JsonIgnore]
    public bool ForgetsAtStart => Driver == GuestDriver.Qemu || Snapshot is not null;

    /// <summary>What the guest's init is told, as assignments of a shell, and its kernel.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> InitArguments =>
        Platform == GuestPlatform.Darwin ? [$"darwin_release={Release}", $"darwin_sanitize={(Sanitize ? "yes" : "no")}", .. KernelArguments] : KernelArguments;

    /// <summary>Finds a guest by its name in the folder of definitions, or by the path of its file, and reads it.</summary>
    /// <exception cref="InfrastructureException">There is none, or its file says something that it may not.</exception>
    public static GuestDefinition Find(string nameOrPath, string folder)
    {
        if (nameOrPath.Contains(Path.DirectorySeparatorChar) || nameOrPath.EndsWith(".json", StringComparison.Ordinal))
        {
            return Read(nameOrPath);
        }

        var file = Path.Combine(folder, nameOrPath + ".json");
        if (System.IO.File.Exists(file))
        {
            return Read(file);
        }

        if (nameOrPath == Local.Name)
        {
            return Local;
        }

        var known = Names(folder);
        throw new InfrastructureException(
            $"There is no guest '{nameOrPath}': {file} does not exist. "
            + $"Known guests: {(known.Count > 0 ? string.Join(", ", known) : "none")}; a path to a definition's file works too."
            + ClosestMatch.Question(nameOrPath, known));
    }

    /// <summary>The names of all guests that a folder defines.</summary>
    public static IReadOnlyList<string> Names(string folder) =>
        Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Where(IsGuests).Order(StringComparer.Ordinal)]
            : [];

    public static GuestDefinition Read(string file)
    {
        var located = StrictJson.ReadLocated<GuestDefinition>(file);
        var definition = located.Value with { File = Path.GetFullPath(file), Name = Path.GetFileNameWithoutExtension(file) };
        if (!IsName(definition.Name, definition.Driver))
        {
            throw new InfrastructureException(
                $"The guest of {file} has no usable name: a definition's file is named by letters, digits, '-' and '_', between them dots unless its driver is qemu, then .json.");
        }

        DriverKeys.Check(located, definition.Driver);
        definition.CheckFiles(located);
        return definition;
    }

    private void CheckFiles(Located<GuestDefinition> located)
    {
        if (Init is not null && !System.IO.File.Exists(InitFile))
        {
            throw located.Problem("init", $"{InitFile} does not exist. Name the guest's init script relative to this file.");
        }

        if (Base is null ? BaseSnapshot is not null : Disk is not null)
        {
            throw located.Problem(
                Base is null ? "baseSnapshot" : "disk",
                Base is null ? "baseSnapshot is of no use without \"base\", the machine that has it." : "disk is of no use beside \"base\": a linked clone has its base's disk. Remove one of them.");
        }

        var needsHost = Platform == GuestPlatform.Darwin && Driver == GuestDriver.Qemu;
        if (needsHost ? KextHost is null : KextHost is not null && Platform != GuestPlatform.Darwin)
        {
            throw located.Problem(
                "kextHost",
                needsHost
                    ? "kextHost is missing: a Darwin guest is made from the sources of kexthost. Name their folder, kext/host of this repository, relative to this file."
                    : "kextHost is for guests whose \"platform\" is \"darwin\". Remove it.");
        }

        if (KextHostFolder is { } folder && !Directory.Exists(Path.Combine(folder, "guest")))
        {
            throw located.Problem("kextHost", $"{folder} has no folder 'guest'. Name the folder kext/host of this repository, relative to this file.");
        }

        if (Driver is GuestDriver.Vmware or GuestDriver.Ssh && Recipe is null && HostKey is null)
        {
            throw located.Problem(
                "hostKey",
                "hostKey is missing: nothing tells this guest from another machine that answers in its place. Name the key of its /etc/ssh/ssh_host_ed25519_key.pub, "
                + "or say \"learn\" to believe the machine that is met first.");
        }
    }

    // "~" is the user's home, as in a shell: keys lie there.
    private string? Resolve(string? path) => path switch
    {
        null => null,
        ['~', '/', .. var rest] => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), rest),
        _ => Path.GetFullPath(path, Path.GetDirectoryName(File)!),
    };

    private static bool IsGuests(string name) => name.Length > 0 && !name.EndsWith(SchemaEnding, StringComparison.Ordinal);

    // The name becomes a folder's. Of QEMU's guests there may be more of one definition, "name.2" and so on: no dots there.
    private static bool IsName(string name, GuestDriver driver) => name.Split('.') is var parts
        && (parts.Length == 1 || driver != GuestDriver.Qemu)
        && parts.All(part => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
}

public enum GuestDriver
{
    /// <summary>QEMU on this host; KextDev makes the guest itself.</summary>
    Qemu,

    /// <summary>VMware Fusion, Workstation or Player on this host, driven by vmrun.</summary>
    Vmware,

    /// <summary>Any machine that can be reached by SSH.</summary>
    Ssh,

    /// <summary>This very machine.</summary>
    Local,
}

public enum GuestRecipe
{
    /// <summary>Debian's cloud kernel, busybox and dropbear, in memory alone.</summary>
    [JsonStringEnumMemberName("debian-cloud")]
    DebianCloud,
}

/// <summary>What executes the guest's instructions.</summary>
public enum Accelerator
{
    /// <summary>KVM where a guest was seen to boot under it, TCG otherwise.</summary>
    Auto,
    Kvm,
    Tcg,
}
