using System.Globalization;
using System.Text.RegularExpressions;

namespace VmrunStandIn;

/// <summary>A .vmx file as VMware reads it, as far as a machine under QEMU can be like it.</summary>
internal sealed partial class Configuration
{
    private readonly string _path;
    private readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);

    public Configuration(string path)
    {
        _path = path;
        foreach (var line in File.ReadLines(path))
        {
            if (Setting().Match(line) is { Success: true } match)
            {
                _values[match.Groups["name"].Value] = Escape().Replace(
                    match.Groups["value"].Value, code => ((char)int.Parse(code.Groups["hex"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());
            }
        }
    }

    public string? this[string name] => _values.GetValueOrDefault(name);

    public IEnumerable<string> Names => _values.Keys;

    public bool IsOn(string name) => string.Equals(this[name], "TRUE", StringComparison.OrdinalIgnoreCase);

    public string? PathOf(string name) => this[name] is { Length: > 0 } value ? Path.Combine(Path.GetDirectoryName(_path)!, value) : null;

    /// <summary>VMware adds to the file of its own accord, too.</summary>
    public void Append(string name, string value)
    {
        File.AppendAllText(_path, $"{name} = \"{value}\"\n");
        _values[name] = value;
    }

    [GeneratedRegex("^\\s*(?<name>[^\\s=#]+)\\s*=\\s*\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Setting();

    [GeneratedRegex(@"\|(?<hex>[0-9A-Fa-f]{2})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Escape();
}
