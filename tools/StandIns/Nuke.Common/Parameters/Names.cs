using System.Text;

namespace Nuke.Common.Parameters;

/// <summary>The spellings of a name: KeepGuest in code, --keep-guest on the command line, KEEP_GUEST in the environment.</summary>
internal static class Names
{
    /// <summary>Whether two spellings on the command line mean the same: case and dashes do not count.</summary>
    public static bool AreSame(string left, string right) => WithoutDashes(left).Equals(WithoutDashes(right), StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether an environment variable sets the parameter: only letters and digits count, and NUKE_ may stand before.</summary>
    public static bool IsVariableOf(string variable, string parameter)
    {
        var letters = LettersAndDigits(variable);
        var wanted = LettersAndDigits(parameter);
        return letters.Equals(wanted, StringComparison.OrdinalIgnoreCase) || letters.Equals("NUKE" + wanted, StringComparison.OrdinalIgnoreCase);
    }

    public static string Dashed(string name)
    {
        var dashed = new StringBuilder();
        for (var index = 0; index < name.Length; index++)
        {
            var startsWord = index > 0 && char.IsUpper(name[index])
                && (!char.IsUpper(name[index - 1]) || (index + 1 < name.Length && char.IsLower(name[index + 1])));
            dashed.Append(startsWord ? "-" : "").Append(char.ToLowerInvariant(name[index]));
        }

        return dashed.ToString();
    }

    private static string WithoutDashes(string name) => name.Replace("-", "", StringComparison.Ordinal);

    private static string LettersAndDigits(string name) => string.Concat(name.Where(char.IsLetterOrDigit));
}
