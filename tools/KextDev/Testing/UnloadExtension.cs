using KextDev.Platforms;

namespace KextDev.Testing;

/// <summary>Unloads the extension, trying again where the kernel is not ready yet: callbacks may still be on their way out.</summary>
public sealed class UnloadExtension(TimeProvider clock)
{
    // The workflow that people know: five tries, a second apart.
    private const int Tries = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task<KernelAnswer> RunAsync(ExtensionSlot slot, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await slot.UnloadAsync(cancellationToken);
            if (answer.Accepted)
            {
                return answer;
            }

            if (attempt == Tries)
            {
                return KernelAnswer.No($"{answer.Message} (after {Tries} tries, {Pause.TotalSeconds:0} s apart)");
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }
    }
}
