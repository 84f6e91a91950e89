using System.Globalization;

namespace KextDev.Testing;

/// <summary>The folder of one run: <c>runs/&lt;local time&gt;-&lt;name&gt;</c>, a number behind it when two runs begin in the same second.</summary>
public static class RunFolder
{
    /// <returns>Absolute path of a new, empty folder that no other run has.</returns>
    public static string Create(StateFolder state, string name, TimeProvider clock)
    {
        Directory.CreateDirectory(state.Runs);
        var stem = Path.Combine(state.Runs, $"{clock.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{name}");

        // Moving a folder to a name that is taken fails, which creating one does not: so the name is claimed by a move.
        // Logs and memory of a kernel may hold secrets: nobody else looks in.
        var claimed = Directory.CreateDirectory(Path.Combine(state.Runs, $".{Guid.NewGuid():N}"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        for (var number = 1; ; number++)
        {
            var folder = number == 1 ? stem : $"{stem}-{number}";
            try
            {
                Directory.Move(claimed, folder);
                return folder;
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Another run of the same second has it.
            }
        }
    }
}
