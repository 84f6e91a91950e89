namespace KextDev.Tests.Processes;

/// <summary>Waits for processes to be gone; a test that waits in vain fails by its message, long after any machine's slowness.</summary>
internal static class ProcessEnd
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task OfAllAsync(IEnumerable<int> processes)
    {
        using var limit = new CancellationTokenSource(Limit);
        foreach (var id in processes)
        {
            while (IsRunning(id))
            {
                limit.IsCancellationRequested.ShouldBeFalse($"process {id} still runs");
                await Task.Delay(10, CancellationToken.None);
            }
        }
    }

    private static bool IsRunning(int id)
    {
        try
        {
            // A zombie has ended; its parent only has not asked yet.
            return !File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].StartsWith('Z');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
