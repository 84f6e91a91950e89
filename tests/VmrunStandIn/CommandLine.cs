namespace VmrunStandIn;

/// <summary>Flags first, then the verb, then the machine, then the verb's own arguments.</summary>
internal sealed record CommandLine(string Type, string? MachinePassword, string? GuestUser, string? GuestPassword, string Verb, string? Vmx, string[] Arguments)
{
    public static CommandLine Parse(string[] words)
    {
        var flags = new Dictionary<string, string>(StringComparer.Ordinal);
        var next = 0;
        while (next < words.Length && words[next].StartsWith('-'))
        {
            if (words[next] is not ("-T" or "-vp" or "-gu" or "-gp") || next + 1 >= words.Length)
            {
                throw new UsageError($"Unrecognized flag: {words[next]}");
            }

            flags[words[next]] = words[next + 1];
            next += 2;
        }

        var type = flags.GetValueOrDefault("-T", "ws");
        if (type is not ("ws" or "fusion" or "player"))
        {
            throw new UsageError($"Unknown host type: {type}");
        }

        var verb = next < words.Length ? words[next++] : throw new UsageError("No command was given.");
        var vmx = verb == "list" ? null : next < words.Length ? words[next++] : throw new UsageError($"{verb}: the path of a .vmx file is missing.");
        return new CommandLine(
            type, flags.GetValueOrDefault("-vp"), flags.GetValueOrDefault("-gu"), flags.GetValueOrDefault("-gp"), verb, vmx, words[next..]);
    }
}
