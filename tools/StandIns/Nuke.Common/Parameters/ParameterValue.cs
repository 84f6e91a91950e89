using System.ComponentModel;

namespace Nuke.Common.Parameters;

/// <summary>Turns the words of a parameter into its type.</summary>
internal static class ParameterValue
{
    /// <param name="name">For the error.</param>
    /// <param name="words">None for a parameter that was only named.</param>
    /// <param name="type">A type with a TypeConverter, or an array of such.</param>
    /// <param name="flag">What a Boolean without a word means.</param>
    /// <exception cref="ParameterConversionException">A word does not convert, or there are several for a single value.</exception>
    public static object? Convert(string name, IReadOnlyList<string> words, Type type, bool flag)
    {
        if (type.GetElementType() is { } element)
        {
            var array = Array.CreateInstance(element, words.Count);
            for (var index = 0; index < words.Count; index++)
            {
                array.SetValue(Convert(name, words[index], element), index);
            }

            return array;
        }

        return words.Count switch
        {
            0 => type == typeof(bool) || type == typeof(bool?) ? flag : null,
            1 => Convert(name, words[0], type),
            _ => throw new ParameterConversionException(
                $"Resolving parameter '{name}' failed.\nValue [ {string.Join(", ", words)} ] cannot be assigned to '{type.Name}'"),
        };
    }

    private static object? Convert(string name, string word, Type type)
    {
        if (type == typeof(string))
        {
            return word;
        }

        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(word);
        }
#pragma warning disable CA1031 // A converter may throw anything; all of it means that the word does not fit.
        catch (Exception)
#pragma warning restore CA1031
        {
            var shown = Nullable.GetUnderlyingType(type) ?? type;
            throw new ParameterConversionException($"Resolving parameter '{name}' failed.\nValue '{word}' could not be converted to '{shown.Name}'");
        }
    }
}
