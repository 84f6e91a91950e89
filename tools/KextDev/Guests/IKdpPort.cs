using System.Net;

namespace KextDev.Guests;

/// <summary>A guest whose kernel speaks KDP through a serial port of its machine, where its boot-args say <c>kdp_match_name=serial</c>.</summary>
public interface IKdpPort
{
    /// <summary>The other end of the serial line: a socket of this machine's, for one debugger at a time. It exists once the guest was started.</summary>
    EndPoint KdpPort { get; }

    /// <summary>Takes the machine that stays up as it is, with no question to its system: a kernel in the debugger answers nobody.</summary>
    /// <returns>False where none is up that nobody else uses.</returns>
    Task<bool> TakeAsync(CancellationToken cancellationToken);
}
