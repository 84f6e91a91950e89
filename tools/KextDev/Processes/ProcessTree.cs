using System.Diagnostics;
using System.Globalization;

namespace KextDev.Processes;

/// <summary>A program and what it started, as they were at one moment. They are asked to end before they are killed: compilers remove their temporary files then.</summary>
internal sealed class ProcessTree
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    private readonly IReadOnlyList<Member> _members;

    private ProcessTree(IReadOnlyList<Member> members) => _members = members;

    /// <summary>On systems without /proc the tree is empty, and the program is killed at once.</summary>
    public static ProcessTree Of(int id)
    {
        var all = Directory.Exists("/proc/self") ? [.. Directory.EnumerateDirectories("/proc").Select(folder => Member.Read(Path.GetFileName(folder))).OfType<Member>()] : Array.Empty<Member>();
        var members = all.Where(member => member.Id == id).ToList();
        for (var i = 0; i < members.Count; i++)
        {
            members.AddRange(all.Where(member => member.Parent == members[i].Id));
        }

        return new ProcessTree(members);
    }

    /// <param name="ended">When the program itself has ended.</param>
    /// <param name="kill">Is cancelled to have the program killed with all that it has started until then.</param>
    public async Task EndAsync(Task ended, CancellationTokenSource kill)
    {
        await SignalAsync("TERM");
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < Patience && Alive.Any(); await Task.Delay(Poll))
        {
        }

        if (!ended.IsCompleted)
        {
            await kill.CancelAsync();
        }

        await SignalAsync("KILL");
    }

    private IEnumerable<Member> Alive => _members.Where(member => Member.Read(member.Name) is { IsZombie: false } now && now.Start == member.Start);

    private async Task SignalAsync(string signal)
    {
        if (Alive.Select(member => member.Name).ToList() is { Count: > 0 } names)
        {
            // The shell's own kill: not every system has the program.
            await CliWrap.Cli.Wrap("sh").WithArguments(["-c", "kill -s \"$@\" 2>/dev/null", "sh", signal, .. names]).WithValidation(CliWrap.CommandResultValidation.None).ExecuteAsync();
        }
    }

    /// <param name="Start">In clock ticks since the system's start: a later process of the same number has another.</param>
    private sealed record Member(int Id, int Parent, string Start, bool IsZombie)
    {
        public string Name => Id.ToString(CultureInfo.InvariantCulture);

        // proc(5)'s stat: the second field is in parentheses and may hold anything; state, parent and start are fields 3, 4 and 22.
        public static Member? Read(string name)
        {
            if (!int.TryParse(name, CultureInfo.InvariantCulture, out var id))
            {
                return null;
            }

            try
            {
                var stat = File.ReadAllText($"/proc/{name}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                return new Member(id, int.Parse(fields[1], CultureInfo.InvariantCulture), fields[22 - 3], fields[0] is "Z" or "X");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }
}
