using System.ComponentModel;
using System.Globalization;
using Nuke.Common.CI.GitHubActions;

namespace Nuke.Common;

/// <summary>Makes the host that `--host` names.</summary>
internal sealed class HostConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value)
    {
        return ((string)value).ToUpperInvariant() switch
        {
            "TERMINAL" => new Terminal(),
            "GITHUBACTIONS" => new GitHubActions(),
            _ => throw new NotSupportedException($"There is no host '{value}'"),
        };
    }
}
