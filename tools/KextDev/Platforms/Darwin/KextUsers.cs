using System.Globalization;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>Who keeps a kext loaded: kexts that are linked against it, and processes with a device open which may be its.</summary>
internal sealed record KextUsers(int References, IReadOnlyList<string> Kexts, IReadOnlyList<DeviceUse> Uses)
{
    // Fields: process, its program, type and name of each open file, one a line. busybox has a program of this name that knows no fields.
    private const string OpenFiles = "lsof -n -P -w -F pctn 2>/dev/null";

    /// <param name="all">All rows of kextstat.</param>
    /// <param name="row">The kext's own.</param>
    public static async Task<KextUsers> ReadAsync(GuestShell shell, IEnumerable<KextStatRow> all, KextStatRow row, CancellationToken cancellationToken) => new(
        row.References,
        [.. all.Where(other => other.LinkedAgainst.Contains(row.Index)).Select(other => other.Identifier)],
        ParseOpenFiles((await shell.RunAsync(OpenFiles, cancellationToken)).Output));

    /// <param name="output">lsof's fields, a guest's text.</param>
    internal static IReadOnlyList<DeviceUse> ParseOpenFiles(string output)
    {
        var uses = new List<DeviceUse>();
        var (process, program, isDevice) = (0L, "", false);
        foreach (var line in output.Split('\n').Where(line => line.Length > 1))
        {
            var value = line[1..];
            switch (line[0])
            {
                case 'p':
                    process = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
                    (program, isDevice) = ("", false);
                    break;
                case 'c':
                    program = value;
                    break;
                case 't':
                    isDevice = value is "CHR" or "BLK";
                    break;
                case 'n' when isDevice && process > 0 && DeviceUse.IsSpecial(value):
                    uses.Add(new DeviceUse(process, program, value));
                    break;
            }
        }

        return uses;
    }

    /// <summary>The rest of a message that says that it was not unloaded.</summary>
    public string Describe(string identifier)
    {
        // "com.example.mykext" has a node such as /dev/mykext.
        var devices = DeviceUse.Describe(Uses, identifier[(identifier.LastIndexOf('.') + 1)..]);
        var kexts = Kexts.Count > 0 ? $": {string.Join(", ", Kexts)}" : "";
        return (References > 0 ? $" Kexts that are linked against it: {References}{kexts}." : "") + (devices.Length > 0 ? $" Open devices: {devices}." : "");
    }
}
