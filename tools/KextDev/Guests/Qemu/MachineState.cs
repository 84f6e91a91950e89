using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using KextDev.Processes;

namespace KextDev.Guests.Qemu;

/// <summary>Moves the state of a machine's devices to a file and back; the memory lies in a file of its own, which QEMU is told to leave out.</summary>
internal static class MachineState
{
    private const int SeedSize = 32;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(2);

    /// <summary>Stops the machine and writes the state; the memory file is whole once the machine ended.</summary>
    /// <exception cref="QmpException"/>
    public static async Task SaveAsync(QemuMachine machine, string file, CancellationToken cancellationToken)
    {
        await LeaveOutMemoryAsync(machine, cancellationToken);
        await machine.Qmp.ExecuteAsync("stop", arguments: null, cancellationToken);
        await machine.Qmp.ExecuteAsync("migrate", new JsonObject { ["uri"] = $"exec:umask 077; cat >{ShellWord.Quote(file)}" }, cancellationToken);
        while (true)
        {
            var migration = await machine.Qmp.ExecuteAsync("query-migrate", arguments: null, cancellationToken);
            switch (migration.GetProperty("status").GetString())
            {
                case "completed":
                    return;
                case "failed" or "cancelled":
                    throw new QmpException($"QEMU did not save the machine: {migration}");
            }

            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    /// <summary>Loads the state into a machine that waits for it, and lets it run.</summary>
    /// <exception cref="QmpException">QEMU refuses the state, which ends it.</exception>
    public static async Task RestoreAsync(QemuMachine machine, string file, CancellationToken cancellationToken)
    {
        await LeaveOutMemoryAsync(machine, cancellationToken);
        await machine.Qmp.ExecuteAsync("migrate-incoming", new JsonObject { ["uri"] = $"exec:cat {ShellWord.Quote(file)}" }, cancellationToken);
        while (await machine.QueryStatusAsync(cancellationToken) == "inmigrate")
        {
            await Task.Delay(PollInterval, cancellationToken);
        }

        await machine.Qmp.ExecuteAsync("cont", arguments: null, cancellationToken);
    }

    /// <summary>Tells a restored guest what time it is, and randomness of its own.</summary>
    /// <returns>The line to the guest, to be kept until it has heard all: QEMU drops what it has not passed on when the line is closed.</returns>
    public static async Task<IDisposable> RenewAsync(string socket, TimeProvider clock, CancellationToken cancellationToken)
    {
        var line = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await line.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
            await line.SendAsync(Encoding.ASCII.GetBytes(News(clock.GetUtcNow())), cancellationToken);
            return line;
        }
        catch (SocketException exception)
        {
            line.Dispose();
            throw new QmpException($"The restored machine cannot be told the time: {exception.Message}", exception);
        }
    }

    // As Images/RenewProgram reads it.
    private static string News(DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds();
        var nanoseconds = (now - DateTimeOffset.FromUnixTimeSeconds(seconds)).Ticks * TimeSpan.NanosecondsPerTick;
        return $"{seconds} {nanoseconds} {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SeedSize))}\n";
    }

    private static async Task LeaveOutMemoryAsync(QemuMachine machine, CancellationToken cancellationToken) =>
        await machine.Qmp.ExecuteAsync(
            "migrate-set-capabilities", new JsonObject { ["capabilities"] = new JsonArray(new JsonObject { ["capability"] = "x-ignore-shared", ["state"] = true }) }, cancellationToken);
}
