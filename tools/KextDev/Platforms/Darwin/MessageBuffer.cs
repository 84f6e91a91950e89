namespace KextDev.Platforms.Darwin;

/// <summary>The kernel's message buffer, as dmesg prints it: a ring of lines without numbers and, before 10.15, without times.</summary>
internal static class MessageBuffer
{
    /// <summary>What a later reading has beyond an earlier one; all of it when the ring has turned since.</summary>
    public static IReadOnlyList<string> Since(IReadOnlyList<string> before, IReadOnlyList<string> now)
    {
        if (before.Count == 0)
        {
            return now;
        }

        // The ring drops lines from its beginning, and may cut the first one that it still has.
        for (var dropped = 0; dropped < before.Count; dropped++)
        {
            var rest = before.Count - dropped;
            if (rest <= now.Count && (Same(before, dropped, now, 0, rest) || Same(before, dropped + 1, now, 1, rest - 1)))
            {
                return [.. now.Skip(rest)];
            }
        }

        return now;
    }

    private static bool Same(IReadOnlyList<string> before, int from, IReadOnlyList<string> now, int at, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (before[from + i] != now[at + i])
            {
                return false;
            }
        }

        return count > 0;
    }
}
