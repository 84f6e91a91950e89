using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using KextDev;
using Nuke.Common;
using Nuke.Common.IO;

/// <summary>A parameter of the build class: its name and what it takes.</summary>
/// <param name="Name">As in code: KeepGuest.</param>
/// <param name="Type">The member's type.</param>
/// <param name="Separator">Splits one word into several, where there is one.</param>
internal sealed record CommandLineParameter(string Name, Type Type, char? Separator)
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public string Dashed => "--" + CommandLineNames.Dashed(Name);

    /// <summary>Nuke's own two parameters whose values are targets.</summary>
    public bool TakesTargets => Name is "Target" or "Skip";

    private bool IsFlag => ScalarType == typeof(bool) && !Type.IsArray;

    // Without a value, --root means the working folder and --skip all dependencies.
    private bool MayLackValue => IsFlag || Name is "Root" or "Skip";

    private Type ScalarType
    {
        get
        {
            var element = Type.GetElementType() ?? Type;
            return Nullable.GetUnderlyingType(element) ?? element;
        }
    }

    /// <summary>All parameters of the class, its base classes and its component interfaces.</summary>
    public static IReadOnlyList<CommandLineParameter> AllOf(Type buildType) =>
    [
        .. TypesOf(buildType).SelectMany(type => type.GetMembers(Declared))
            .Select(member => (Member: member, Attribute: member.GetCustomAttribute<ParameterAttribute>()))
            .Where(found => found.Attribute is not null)
            .Select(found => new CommandLineParameter(
                found.Attribute!.Name ?? found.Member.Name,
                found.Member is FieldInfo variable ? variable.FieldType : ((PropertyInfo)found.Member).PropertyType,
                string.IsNullOrEmpty(found.Attribute.Separator) ? null : found.Attribute.Separator[0]))
            .DistinctBy(parameter => CommandLineNames.Plain(parameter.Name)),
    ];

    /// <summary>The names of all targets of the class, its base classes and its component interfaces.</summary>
    public static IReadOnlyList<string> TargetsOf(Type buildType) =>
    [
        .. TypesOf(buildType).SelectMany(type => type.GetProperties(Declared))
            .Where(property => property.PropertyType == typeof(Target))
            .Select(property => property.Name[(property.Name.LastIndexOf('.') + 1)..])
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>The words of one mention as single values.</summary>
    public IReadOnlyList<string> Split(IReadOnlyList<string> words) =>
        Separator is { } separator && words.Count == 1 ? words[0].Split(separator) : words;

    /// <summary>What is wrong with the words, as the end of a sentence; null where they fit.</summary>
    public string? Misfit(IReadOnlyList<string> words)
    {
        if (TakesTargets)
        {
            return words.Count == 0 && !MayLackValue ? "needs at least one target" : null;
        }

        if (words.Count == 0)
        {
            return MayLackValue ? null : $"needs a value: {Expectation}";
        }

        return words.Count > 1 && !Type.IsArray
            ? $"takes one value, and was given {words.Count}: {string.Join(' ', words)}"
            : words.Select(MisfitOf).FirstOrDefault(misfit => misfit is not null);
    }

    private string Expectation => ScalarType switch
    {
        { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(ScalarType))}",
        var type when type == typeof(bool) => "true or false",
        var type when type == typeof(int) || type == typeof(long) || type == typeof(short) || type == typeof(byte) => "a whole number",
        var type when type == typeof(uint) || type == typeof(ulong) || type == typeof(ushort) => "a whole number, not negative",
        var type when type == typeof(double) || type == typeof(float) || type == typeof(decimal) => "a number",
        var type when type == typeof(TimeSpan) => "a duration such as 00:10:00",
        var type when type == typeof(AbsolutePath) => "a path",
        var type when type == typeof(string) => "a text",
        var type => $"a {CommandLineNames.Dashed(type.Name).Replace('-', ' ')}",
    };

    private string? MisfitOf(string word)
    {
        if (ScalarType == typeof(string))
        {
            return null;
        }

        if (ScalarType.IsEnum)
        {
            var names = Enum.GetNames(ScalarType);
            var meant = CommandLineNames.Closest(word, names);
            return names.Contains(word, StringComparer.OrdinalIgnoreCase)
                ? null
                : $"takes {Expectation}, not '{word}'{(meant is null ? "" : $". Did you mean {meant}?")}";
        }

        try
        {
            TypeDescriptor.GetConverter(ScalarType).ConvertFrom(context: null, CultureInfo.InvariantCulture, word);
            return null;
        }
        catch (InfrastructureException exception)
        {
            // The type's own converter says what is wrong with the value.
            return $"does not take '{word}'. {exception.Message}";
        }
#pragma warning disable CA1031 // A converter may throw anything; all of it means that the word does not fit.
        catch (Exception)
#pragma warning restore CA1031
        {
            return $"takes {Expectation}, not '{word}'";
        }
    }

    private static IEnumerable<Type> TypesOf(Type buildType)
    {
        for (var type = buildType; type is not null && type != typeof(object); type = type.BaseType)
        {
            yield return type;
        }

        foreach (var component in buildType.GetInterfaces())
        {
            yield return component;
        }
    }
}
