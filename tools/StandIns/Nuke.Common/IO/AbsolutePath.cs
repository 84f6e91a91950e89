#nullable disable // As published.

using System.ComponentModel;
using System.Globalization;

namespace Nuke.Common.IO;

/// <summary>A rooted path of a file or a folder, normalized: no `..`, no separator at the end.</summary>
[TypeConverter(typeof(TypeConverter))]
public class AbsolutePath
{
    private readonly string _path;

    private AbsolutePath(string path)
    {
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }

    public string Name => Path.GetFileName(_path);

    public string NameWithoutExtension => Path.GetFileNameWithoutExtension(_path);

    public string Extension => Path.GetExtension(_path);

    /// <summary>Null above the root.</summary>
    public AbsolutePath Parent => Path.GetDirectoryName(_path) is { } parent ? new AbsolutePath(parent) : null;

    public static implicit operator AbsolutePath(string path) => path is null ? null : Create(path);

    public static implicit operator string(AbsolutePath path) => path?._path;

    public static AbsolutePath operator /(AbsolutePath left, string right) => new(Path.Combine(left.NotNull()._path, right ?? ""));

    public static AbsolutePath operator +(AbsolutePath left, string right) => new(left.NotNull()._path + right);

    public static bool operator ==(AbsolutePath a, AbsolutePath b) => Equals(a, b);

    public static bool operator !=(AbsolutePath a, AbsolutePath b) => !Equals(a, b);

    /// <exception cref="ArgumentException">The path is relative.</exception>
    public static AbsolutePath Create(string path)
    {
        Assert.True(Path.IsPathRooted(path), $"Path '{path}' must be rooted");
        return new AbsolutePath(path);
    }

    public override bool Equals(object obj) => obj is AbsolutePath other && other._path == _path;

    public override int GetHashCode() => _path.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => _path;

    /// <summary>A relative path in a parameter is meant from the working directory.</summary>
    public class TypeConverter : System.ComponentModel.TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext context, Type sourceType)
            => sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

        public override object ConvertFrom(ITypeDescriptorContext context, CultureInfo culture, object value)
            => value is string text ? new AbsolutePath(text) : base.ConvertFrom(context, culture, value);
    }
}
