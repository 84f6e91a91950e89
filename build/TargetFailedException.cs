/// <summary>
/// Ends a target whose failure is understood. Its message says all; a stack trace would tell the user nothing,
/// and the log prints an exception by its text.
/// </summary>
internal sealed class TargetFailedException(string message) : Exception(message)
{
    public override string ToString() => Message;
}
