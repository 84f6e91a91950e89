namespace KextDev.Projects;

/// <summary>What somebody may have meant by a misspelt name.</summary>
public static class ClosestMatch
{
    /// <summary>The candidate that is nearest to the name, letter case ignored; null when none is near enough to be worth saying.</summary>
    public static string? Find(string name, IEnumerable<string> candidates) =>
        candidates
            .Select(candidate => (Candidate: candidate, Distance: Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .Where(match => match.Distance <= Math.Max(1, Math.Min(name.Length, match.Candidate.Length) / 3))
            .OrderBy(match => match.Distance)
            .ThenBy(match => match.Candidate, StringComparer.Ordinal)
            .Select(match => match.Candidate)
            .FirstOrDefault();

    /// <summary>" Did you mean 'x'?", ready to end a message; empty when nothing is near.</summary>
    public static string Question(string name, IEnumerable<string> candidates) =>
        Find(name, candidates) is { } match ? $" Did you mean '{match}'?" : "";

    // Optimal string alignment: insertions, deletions, replacements, and two neighbours swapped cost 1 each.
    private static int Distance(string left, string right)
    {
        var cost = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                var replaced = cost[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replaced, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[left.Length, right.Length];
    }
}
