namespace KextDev.Debuggers.Kdp;

/// <summary>What a packet asks for: KDP's numbers, as in osfmk/kdp/kdp_protocol.h of XNU.</summary>
public enum KdpRequest
{
    Connect = 0,
    Disconnect = 1,
    HostInfo = 2,
    Version = 3,
    MaxBytes = 4,
    ReadMemory = 5,
    WriteMemory = 6,
    ReadRegisters = 7,
    WriteRegisters = 8,
    ImagePath = 10,
    ResumeProcessors = 12,

    /// <summary>The only one that the target sends: it stopped.</summary>
    Exception = 13,
    BreakpointSet = 15,
    BreakpointRemove = 16,
    Reattach = 18,
    HostReboot = 19,
    ReadMemory64 = 20,
    WriteMemory64 = 21,
    Breakpoint64Set = 22,
    Breakpoint64Remove = 23,
    KernelVersion = 24,
}

/// <summary>How the target answers. What it refuses is an answer, not a failure of the session.</summary>
public enum KdpError
{
    None = 0,
    AlreadyConnected = 1,
    BadByteCount = 2,
    BadFlavor = 3,
    BadAccess = 4,
    TooManyBreakpoints = 100,
    BreakpointNotFound = 101,
    BreakpointAlreadySet = 102,
}
