#nullable disable // As published.

using System.Runtime.CompilerServices;

namespace Nuke.Common;

/// <summary>Checks that end the target with a message. Without a message, the checked expression's text is shown.</summary>
public static class Assert
{
    /// <exception cref="Exception">Always.</exception>
    public static void Fail(string message, Exception exception = null)
    {
#pragma warning disable CA2201 // The published type.
        throw new Exception(message, exception);
#pragma warning restore CA2201
    }

    public static void True(
        bool condition, string message = null, [CallerArgumentExpression(nameof(condition))] string argumentExpression = null)
    {
        if (!condition)
        {
            throw Broken(message, "Expected condition to be true", argumentExpression);
        }
    }

    public static T NotNull<T>(
        this T obj, string message = null, [CallerArgumentExpression(nameof(obj))] string argumentExpression = null)
        where T : class
    {
        return obj ?? throw Broken(message, $"Expected object of type '{typeof(T).FullName}' to be not null", argumentExpression);
    }

    public static void FileExists(
        string path, string message = null, [CallerArgumentExpression(nameof(path))] string argumentExpression = null)
    {
        if (!File.Exists(path))
        {
            throw Broken(message, $"Expected file to exist: {path}", argumentExpression);
        }
    }

    private static ArgumentException Broken(string message, string fallback, string argumentExpression)
        => message is null ? new ArgumentException(fallback, argumentExpression) : new ArgumentException(message);
}
