using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>Is there when a kernel dies in a run, before its guest is ended.</summary>
public interface IPanicWitness
{
    /// <summary>Sees the guest while it lives, for a dead kernel tells little: before the extension is loaded for the first time, and after.</summary>
    /// <exception cref="InfrastructureException">It could not see a death on this guest.</exception>
    Task MeetAsync(WitnessedGuest guest, CancellationToken cancellationToken);

    /// <summary>The kernel died. What goes wrong here is told, and does not change the run's verdict.</summary>
    Task AttendAsync(CancellationToken cancellationToken);
}

/// <summary>A guest of a run that is up and connected to.</summary>
/// <param name="Image">What is about to be loaded, or is.</param>
/// <param name="Extension">The same in the guest.</param>
public sealed record WitnessedGuest(
    GuestDefinition Definition, IGuest Guest, GuestShell Shell, IKernelPlatform Platform, BuiltImage Image, DeployedExtension Extension);
