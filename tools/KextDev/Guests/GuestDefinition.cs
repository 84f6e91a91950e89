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

    /// <summary>The file's name without its extension.</summary>
    [JsonIgnore]
    public string Name { get; init; } = "";

    /// <summary>Full path of the file that this was read from.</summary>
    [JsonIgnore]
    public string File { get; init; } = "";

    [JsonIgnore]
    public string InitFile => Path.GetFullPath(Init, Path.GetDirectoryName(File)!);

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

        return System.IO.File.Exists(definition.InitFile)
            ? definition
            : throw located.Problem("init", $"{definition.InitFile} does not exist. Name the guest's init script relative to this file.");
    }

    // The name becomes a folder's, beside "name.2" for a second guest of the same definition: no dots. "guest.schema" is no guest for the same reason.
    private static bool IsName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}

public enum GuestDriver
{
    Qemu,
}

public enum GuestPlatform
{
    Linux,
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
