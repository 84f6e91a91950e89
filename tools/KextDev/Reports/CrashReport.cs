using System.Text;
using KextDev.Events;

namespace KextDev.Reports;

/// <summary>crash/N.txt: each crash of a run as the kernel printed it, its title on the first line.</summary>
public sealed class CrashReport(string folder) : IRunReport
{
    // The kernel's text may be anything: what is no character is replaced.
    private static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false);

    private int _count;

    public void Receive(RunEvent runEvent)
    {
        if (runEvent is KernelCrashed crash)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, $"{++_count}.txt"), $"{crash.Title}\n\n{crash.Text}\n", Encoding);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
