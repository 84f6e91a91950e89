namespace VmrunStandIn;

/// <summary>How the stand-in is told to misbehave: a file beside the .vmx file.</summary>
internal sealed class Behaviour(string vmx)
{
    private readonly string[][] _lines = File.Exists(vmx + ".behaviour")
        ? [.. File.ReadAllLines(vmx + ".behaviour").Select(line => line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries)).Where(words => words.Length > 1)]
        : [];

    public string? Address => _lines.FirstOrDefault(words => words[0] == "address")?[1];

    public string? Tools => _lines.FirstOrDefault(words => words[0] == "tools")?[1];

    /// <summary>Returns when nothing is said about this verb.</summary>
    public void Apply(string verb)
    {
        foreach (var words in _lines.Where(words => words[1] == verb))
        {
            switch (words[0])
            {
                case "hang":
                    Thread.Sleep(Timeout.Infinite);
                    break;
                case "error":
                    throw new VmrunError(words[2], exitCode: 0);
                case "fail":
                    throw new VmrunError(words[2]);
            }
        }
    }
}
