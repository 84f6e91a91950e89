using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using KextDev;

/// <summary>A duration as people type it: 90s, 30m, 8h, 1h30m; a bare number is seconds.</summary>
[TypeConverter(typeof(Converter))]
internal sealed partial record SoakDuration(TimeSpan Length)
{
    /// <exception cref="InfrastructureException">The text is no duration.</exception>
    public static SoakDuration Parse(string text)
    {
        var match = Form().Match(text);
        var length = match.Success ? Part(match, "h", 3600) + Part(match, "m", 60) + Part(match, "s", 1) : TimeSpan.Zero;
        return length > TimeSpan.Zero
            ? new SoakDuration(length)
            : throw new InfrastructureException($"'{text}' is no duration. Write hours, minutes and seconds such as 90s, 30m, 8h or 1h30m.");
    }

    private static TimeSpan Part(Match match, string unit, int seconds) =>
        match.Groups[unit].Success ? TimeSpan.FromSeconds(double.Parse(match.Groups[unit].ValueSpan, CultureInfo.InvariantCulture) * seconds) : TimeSpan.Zero;

    [GeneratedRegex(@"\A(?:(?<h>\d{1,4})h)?(?:(?<m>\d{1,5})m)?(?:(?<s>\d{1,6})s?)?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();

    private sealed class Converter : TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

        public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => Parse((string)value);
    }
}
