using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace KextDev.Guests.Qemu;

/// <summary>A QEMU that was started with a certain pid file among its arguments, which no other process has.</summary>
public sealed class QemuProcess
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private readonly string _pidFile;
    private readonly ulong _startTime;

    private QemuProcess(int id, string pidFile, ulong startTime)
    {
        Id = id;
        _pidFile = pidFile;
        _startTime = startTime;
    }

    public int Id { get; }

    /// <summary>False also when the number belongs to another process by now.</summary>
    public bool IsAlive => StartTime(Id) == _startTime && IsQemuWith(Id, _pidFile);

    public static QemuProcess? Find(string pidFile)
    {
        IEnumerable<int> written = ReadPid(pidFile) is { } pid ? [pid] : [];

        // A machine whose starter was killed may not have written the file yet.
        foreach (var id in written.Concat(AllProcesses()))
        {
            if (IsQemuWith(id, pidFile) && StartTime(id) is { } startTime)
            {
                return new QemuProcess(id, pidFile, startTime);
            }
        }

        return null;
    }

    /// <summary>Ends the process at once and waits until it is gone. The machine lives in memory alone: nothing is lost that would stay.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        if (IsAlive)
        {
            try
            {
                using var process = Process.GetProcessById(Id);
                process.Kill();
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
            {
                // It ended by itself in between.
            }
        }

        await WaitForEndAsync(cancellationToken);
    }

    public async Task WaitForEndAsync(CancellationToken cancellationToken)
    {
        while (IsAlive)
        {
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    private static int? ReadPid(string pidFile)
    {
        try
        {
            return int.TryParse(File.ReadAllText(pidFile).Trim(), CultureInfo.InvariantCulture, out var id) ? id : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static IEnumerable<int> AllProcesses() =>
        Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0);

    // A zombie has no command line: it counts as gone. setsid carries the same arguments for a moment and is no QEMU.
    private static bool IsQemuWith(int id, string argument)
    {
        try
        {
            var arguments = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{id}/cmdline")).Split('\0');
            return Path.GetFileName(arguments[0]) == QemuCommandLine.Program && arguments.Contains(argument, StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Field 22 of proc(5)'s stat, in clock ticks since boot. The second field is in parentheses and may hold anything.
    private static ulong? StartTime(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return ulong.Parse(fields[22 - 3], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
