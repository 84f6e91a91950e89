using System.Text;

namespace KextDev.Guests;

/// <summary>What the kernel of a guest that KextDev starts itself is told besides what its definition says: a file a guest, of one line.</summary>
public static class AddedArguments
{
    public static string FileOf(string guest, StateFolder state) => Path.Combine(state.Targets, guest + ".arguments");

    /// <returns>Null where nothing is added.</returns>
    public static string? Read(string guest, StateFolder state) =>
        File.Exists(FileOf(guest, state)) && File.ReadAllText(FileOf(guest, state)).Trim() is { Length: > 0 } text ? text : null;

    /// <param name="arguments">Null for none.</param>
    public static void Write(string guest, StateFolder state, string? arguments)
    {
        if (arguments is null)
        {
            File.Delete(FileOf(guest, state));
        }
        else
        {
            AtomicFile.Write(FileOf(guest, state), stream => stream.Write(Encoding.UTF8.GetBytes(arguments + "\n")));
        }
    }
}
