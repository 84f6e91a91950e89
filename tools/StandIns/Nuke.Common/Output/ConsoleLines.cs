namespace Nuke.Common.Output;

/// <summary>Writes whole lines to standard output, coloured on a terminal only.</summary>
internal sealed class ConsoleLines
{
    private const string Reset = "\e[0m";

    private readonly Lock _gate = new();
    private readonly bool _hasColours = !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    public void Write(string line = "", LineColour colour = LineColour.None)
    {
        lock (_gate)
        {
            Console.Out.WriteLine(_hasColours && colour != LineColour.None ? $"\e[{(int)colour}m{line}{Reset}" : line);
        }
    }

    /// <summary>A heading between two bars.</summary>
    public void WriteBlock(string heading)
    {
        Write();
        Write("╬" + new string('═', heading.Length + 5), LineColour.Faint);
        Write($"║ {heading}", LineColour.Heading);
        Write("╬" + new string('═', Math.Max(heading.Length - 4, 2)), LineColour.Faint);
        Write();
    }
}

/// <summary>The terminal's numbers for colours.</summary>
internal enum LineColour
{
    None = 0,
    Faint = 2,
    Failure = 91,
    Success = 92,
    Caution = 93,
    Heading = 96,
}
