#nullable disable // As published.

using System.ComponentModel;
using System.Globalization;

namespace Nuke.Common.IO;

/// <summary>A rooted path of a file or a folder, normalized: no `..`, no separator at the end.</summary>
[TypeConverter(typeof(TypeConverter))]
public class AbsolutePath
{
    private readonly string path;

    private AbsolutePath(string path)
    {
        this.path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }

    public string Name => Path.GetFileName(path);

    public string NameWithoutExtension => Path.GetFileNameWithoutExtension(path);

    public string Extension => Path.GetExtension(path);

    /// <summary>Null above the root.</summary>
    public AbsolutePath Parent => Path.GetDirectoryName(path) is { } parent ? new AbsolutePath(parent) : null;

    public static implicit operator AbsolutePath(string path) => path is null ? null : Create(path);

    public static implicit operator string(AbsolutePath path) => path?.path;

    public static AbsolutePath operator /(AbsolutePath left, string right) => new(Path.Combine(left.NotNull().path, right ?? ""));

    public static AbsolutePath operator +(AbsolutePath left, string right) => new(left.NotNull().path + right);

    public static bool operator ==(AbsolutePath a, AbsolutePath b) => Equals(a, b);

    public static bool operator !=(AbsolutePath a, AbsolutePath b) => !Equals(a, b);

    /// <exception cref="ArgumentException">The path is relative.</exception>
    public static AbsolutePath Create(string path)
    {
        Assert.True(Path.IsPathRooted(path), $"Path '{path}' must be rooted");
        return new AbsolutePath(path);
    }

    public override bool Equals(object obj) => obj is AbsolutePath other && other.path == path;

    public override int GetHashCode() => path.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => path;

    /// <summary>A relative path in a parameter is meant from the working directory.</summary>
    public class TypeConverter : System.ComponentModel.TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext context, Type sourceType)
            => sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

        public override object ConvertFrom(ITypeDescriptorContext context, CultureInfo culture, object value)
            => value is string text ? new AbsolutePath(text) : base.ConvertFrom(context, culture, value);
    }
}
