using System.Collections;

/// <summary>
/// Nuke ignores a misspelt parameter and only warns of a value that does not convert. Here both are errors, as is a misspelt
/// target, before anything runs; the closest name is offered.
/// </summary>
internal static class CommandLine
{
    /// <summary>The usual exit code for a wrong call (EX_USAGE in sysexits.h).</summary>
    public const int UsageError = 64;

    /// <summary>Checks the arguments, the environment and the parameter files, and prints what is wrong on standard error.</summary>
    /// <param name="buildType">The build class; its targets and parameters are all that exist.</param>
    /// <param name="arguments">As given to Main.</param>
    /// <returns>The exit code where something is wrong, otherwise null.</returns>
    public static int? Check(Type buildType, IReadOnlyList<string> arguments)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.Ordinal);
        var problems = new CommandLineCheck(buildType, environment, Directory.GetCurrentDirectory()).Run(arguments);
        foreach (var problem in problems)
        {
            Console.Error.WriteLine(problem);
        }

        return problems.Count > 0 ? UsageError : null;
    }
}
