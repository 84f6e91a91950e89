using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>A serial line of this machine's: what is written to its device comes out here, and the other way round.</summary>
internal sealed class PseudoTerminal : IDisposable
{
    private const nuint SetLock = 0x40045431, GetNumber = 0x80045430;

    private readonly FileStream _line;

    public PseudoTerminal()
    {
        _line = new FileStream("/dev/ptmx", new FileStreamOptions { Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0 });
        var locked = 0;
        Control(_line.SafeFileHandle, SetLock, ref locked).ShouldBe(0);
        var number = 0;
        Control(_line.SafeFileHandle, GetNumber, ref number).ShouldBe(0);
        Device = string.Create(CultureInfo.InvariantCulture, $"/dev/pts/{number}");
    }

    /// <summary>For the program at the other end.</summary>
    public string Device { get; }

    public void Write(string hex)
    {
        _line.Write(Convert.FromHexString(hex));
        _line.Flush();
    }

    /// <summary>What the other end writes, up to the end of a frame.</summary>
    public async Task<string> ReadFrameAsync()
    {
        const byte End = 0xfb;
        var bytes = new List<byte>();
        var one = new byte[1];
        do
        {
            (await _line.ReadAsync(one).AsTask().WaitAsync(TimeSpan.FromMinutes(1))).ShouldBe(1);
            bytes.Add(one[0]);
        }
        while (one[0] != End);
        return Convert.ToHexStringLower([.. bytes]);
    }

    /// <summary>Makes a socket of the line, as a hypervisor does, for one debugger. Ends when both ends are gone.</summary>
    public async Task ServeAsync(Socket listener)
    {
        using var debugger = await listener.AcceptAsync();
        await using var stream = new NetworkStream(debugger);
        await Task.WhenAll(CarryAsync(stream, _line), CarryAsync(_line, stream));
    }

    public void Dispose() => _line.Dispose();

    private static async Task CarryAsync(Stream from, Stream to)
    {
        var buffer = new byte[4096];
        try
        {
            while (await from.ReadAsync(buffer) is > 0 and var length)
            {
                await to.WriteAsync(buffer.AsMemory(0, length));
            }
        }
        catch (IOException)
        {
            // One of the ends is gone.
        }
    }

    [DllImport("libc", EntryPoint = "ioctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(SafeFileHandle file, nuint request, ref int value);
}
