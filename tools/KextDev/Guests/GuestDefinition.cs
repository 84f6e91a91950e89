using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using KextDev.Projects;

namespace KextDev.Guests;

/// <summary>What a guest is: one JSON file in vm/, described by vm/guest.schema.json.</summary>
/// <param name="Driver">Who runs the machine.</param>
/// <param name="Platform">Which system runs in it.</param>
/// <param name="Recipe">What its disk is made from.</param>
/// <param name="Init">The guest's first program, a shell script; relative to the definition's file.</param>
public sealed record GuestDefinition(GuestDriver Driver, GuestPlatform Platform, GuestRecipe Recipe, string Init)
{
    /// <summary>MiB.</summary>
    [Range(96, 1024 * 1024)]
    public int Memory { get; init; } = 256;

    [Range(1, 255)]
    public int Cpus { get; init; } = 2;

    public Accelerator Accelerator { get; init; } = Accelerator.Auto;

    /// <summary>Loopback port that leads to the guest's SSH server; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; init; }

    /// <summary>Seconds within which a started guest must answer.</summary>
    [Range(1, 3600)]
    public int StartLimit { get; init; } = 60;

    /// <summary>The release of macOS as which a Darwin guest speaks.</summary>
    [AllowedValues("10.9", "10.10", "10.11", "10.12", "10.13", "10.14", "10.15", "11")]
    public string Release { get; init; } = "10.15";

    /// <summary>Whether a Darwin guest's kernel checks each use of memory, which makes it slower.</summary>
    public bool Sanitize { get; init; }

    /// <summary>A Darwin guest's kernel and commands: the folder of their C sources; relative to the definition's file.</summary>
    public string? KextHost { get; init; }

    /// <summary>The file's name without its extension.</summary>
    [JsonIgnore]
    public string Name { get; init; } = "";

    /// <summary>Full path of the file that this was read from.</summary>
    [JsonIgnore]
    public string File { get; init; } = "";

    [JsonIgnore]
    public string InitFile => Path.GetFullPath(Init, Path.GetDirectoryName(File)!);

    [JsonIgnore]
    public string? KextHostFolder => KextHost is null ? null : Path.GetFullPath(KextHost, Path.GetDirectoryName(File)!);

    /// <summary>What the guest's init is told, as assignments of a shell.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> InitArguments =>
        Platform == GuestPlatform.Darwin ? [$"darwin_release={Release}", $"darwin_sanitize={(Sanitize ? "yes" : "no")}"] : [];

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

        var known = Names(folder);
        throw new InfrastructureException(
            $"There is no guest '{nameOrPath}': {file} does not exist. "
            + $"Known guests: {(known.Count > 0 ? string.Join(", ", known) : "none")}; a path to a definition's file works too."
            + ClosestMatch.Question(nameOrPath, known));
    }

    /// <summary>The names of all guests that a folder defines.</summary>
    public static IReadOnlyList<string> Names(string folder) =>
        Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Where(IsName).Order(StringComparer.Ordinal)]
            : [];

    public static GuestDefinition Read(string file)
    {
        var located = StrictJson.ReadLocated<GuestDefinition>(file);
        var definition = located.Value with { File = Path.GetFullPath(file), Name = Path.GetFileNameWithoutExtension(file) };
        if (!IsName(definition.Name))
        {
            throw new InfrastructureException(
                $"The guest of {file} has no usable name: a definition's file is named by letters, digits, '-' and '_', then .json.");
        }

        if (!System.IO.File.Exists(definition.InitFile))
        {
            throw located.Problem("init", $"{definition.InitFile} does not exist. Name the guest's init script relative to this file.");
        }

        var needsHost = definition.Platform == GuestPlatform.Darwin;
        if (needsHost != definition.KextHost is not null)
        {
            throw located.Problem(
                "kextHost",
                needsHost
                    ? "kextHost is missing: a Darwin guest is made from the sources of kexthost. Name their folder, kext/host of this repository, relative to this file."
                    : "kextHost is for guests whose \"platform\" is \"darwin\". Remove it.");
        }

        return definition.KextHostFolder is not { } folder || Directory.Exists(Path.Combine(folder, "guest"))
            ? definition
            : throw located.Problem("kextHost", $"{folder} has no folder 'guest'. Name the folder kext/host of this repository, relative to this file.");
    }

    // The name becomes a folder's, beside "name.2" for a second guest of the same definition: no dots. "guest.schema" is no guest for the same reason.
    private static bool IsName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}

public enum GuestDriver
{
    Qemu,
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
