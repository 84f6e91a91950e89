namespace Nuke.Common.Parameters;

/// <summary>A parameter's words cannot become its type.</summary>
internal sealed class ParameterConversionException(string message) : Exception(message);
