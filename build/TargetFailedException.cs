using KextDev.Reports;

/// <summary>
/// Ends a target whose failure is understood. Its message says all; a stack trace would tell the user nothing,
/// and the log prints an exception by its text. What a message quotes of a guest reaches no terminal as it is.
/// </summary>
internal sealed class TargetFailedException(string message) : Exception(string.Join('\n', message.Split('\n').Select(PrintableText.Of)))
{
    public override string ToString() => Message;
}
