using System.Text.Json;
using KextDev.Projects;

namespace KextDev.Guests;

/// <summary>Which keys of a definition belong to which drivers. A key that its driver would not heed is refused: it would promise what does not happen.</summary>
internal static class DriverKeys
{
    private static readonly Dictionary<GuestDriver, string[]> Required = new()
    {
        [GuestDriver.Qemu] = ["recipe", "init"],
        [GuestDriver.Vmware] = ["vmx"],
        [GuestDriver.Ssh] = ["host"],
        [GuestDriver.Local] = [],
    };

    private static readonly Dictionary<GuestDriver, string[]> Own = new()
    {
        [GuestDriver.Qemu] = ["recipe", "init", "memory", "cpus", "accelerator", "release", "sanitize", "kextHost"],
        [GuestDriver.Vmware] =
        [
            "vmx", "vmrun", "product", "snapshot", "disk", "base", "baseSnapshot", "memory", "cpus",
            "user", "key", "hostKey", "kernelHeaders", "recipe", "init", "release", "kextHost",
        ],
        [GuestDriver.Ssh] = ["host", "startCommand", "stopCommand", "user", "key", "hostKey", "kernelHeaders", "recipe", "release", "kextHost"],
        [GuestDriver.Local] = ["kernelHeaders"],
    };

    /// <exception cref="ManifestException">A key is missing, or belongs to other drivers.</exception>
    public static void Check(Located<GuestDefinition> definition, GuestDriver driver)
    {
        if (Required[driver].FirstOrDefault(key => !definition.Says(key)) is { } missing)
        {
            throw definition.Problem(
                missing,
                $"missing key '{missing}' in the file: a guest of the driver \"{Name(driver)}\" needs {string.Join(" and ", Required[driver].Select(key => $"\"{key}\""))}.");
        }

        var foreign = Own.Values.SelectMany(keys => keys).Distinct(StringComparer.Ordinal).Except(Own[driver], StringComparer.Ordinal);
        if (foreign.FirstOrDefault(definition.Says) is { } key)
        {
            var owners = Own.Where(keys => keys.Value.Contains(key, StringComparer.Ordinal)).Select(keys => $"\"{Name(keys.Key)}\"");
            throw definition.Problem(key, $"{key} is for guests whose \"driver\" is {string.Join(" or ", owners)}; this one's is \"{Name(driver)}\". Remove it.");
        }
    }

    private static string Name(GuestDriver driver) => JsonNamingPolicy.CamelCase.ConvertName(driver.ToString());
}
