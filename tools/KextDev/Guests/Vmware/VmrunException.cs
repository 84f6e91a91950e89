namespace KextDev.Guests.Vmware;

/// <summary>vmrun refused, failed or did not end. No password stands in the message.</summary>
public sealed class VmrunException(VmrunFailure failure, string message, Exception? cause = null) : InfrastructureException(message, cause)
{
    public VmrunFailure Failure { get; } = failure;
}

/// <summary>What vmrun's error texts mean.</summary>
public enum VmrunFailure
{
    /// <summary>A text that is not known here; the message quotes it.</summary>
    Unknown,
    NotStarted,
    TimedOut,
    NotRunning,
    AlreadyRunning,
    NoSuchMachine,
    UnreadableMachine,
    WrongMachinePassword,
    MachinePasswordNeeded,
    NotAMachine,
    NoTools,
    NoSuchSnapshot,
    SnapshotExists,
    NoHostPermission,
    WrongGuestPassword,
    GuestPasswordNeeded,
    Paused,
    NotSupported,
    NoSuchFile,
    NoAddress,
    NoConnection,
    Canceled,
    GuestProgramFailed,
    FileInUse,
}
