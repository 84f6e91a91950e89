using System.Text;
using Renci.SshNet.Common;
using Renci.SshNet.OpenSsh;

namespace Renci.SshNet.Sftp;

/// <summary>
/// A conversation with the server's SFTP subsystem. One caller at a time. Requests may be sent ahead of their replies, which come in any order:
/// so a transfer is not slowed by the way to the server and back.
/// </summary>
internal sealed class SftpSession : IDisposable
{
    private const uint Version = 3;
    private readonly SessionProcess _process;
    private readonly Stream _input;
    private readonly Task _errors;
    private readonly Dictionary<uint, SftpPacketReader> _early = [];
    private uint _lastId;
    private volatile bool _closed;

    /// <exception cref="SshException">The server has no SFTP subsystem.</exception>
    public SftpSession(Master master)
    {
        _process = master.StartSession(["-s"], "sftp");
        _input = _process.Input;
        _errors = _process.Error.CopyToAsync(Stream.Null);
        try
        {
            Exchange(() =>
            {
                Send(new SftpPacketWriter(SftpType.Init).UInt32(Version));
                var hello = SftpPacketReader.ReadFrom(_process.Output);
                return hello.Type == SftpType.Version ? hello.UInt32() : throw Unexpected(hello);
            });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Sends a request whose fields follow its id.</summary>
    /// <returns>The id to await the reply with.</returns>
    public uint Request(SftpType type, Action<SftpPacketWriter> writeFields) => Exchange(() =>
    {
        var id = ++_lastId;
        var packet = new SftpPacketWriter(type).UInt32(id);
        writeFields(packet);
        Send(packet);
        return id;
    });

    public SftpPacketReader Reply(uint id) => Exchange(() =>
    {
        while (true)
        {
            if (_early.Remove(id, out var reply))
            {
                return reply;
            }

            var packet = SftpPacketReader.ReadFrom(_process.Output);
            _early.Add(packet.UInt32(), packet);
        }
    });

    public SftpPacketReader Expect(uint id, SftpType type, string path)
    {
        var reply = Reply(id);
        if (reply.Type != type)
        {
            StatusOf(reply, path);
            throw Unexpected(reply);
        }

        return reply;
    }

    /// <summary>The status in a reply: Ok or EndOfFile.</summary>
    /// <exception cref="SshException">Any other, as the published exception for it.</exception>
    public static SftpStatus StatusOf(SftpPacketReader reply, string path)
    {
        if (reply.Type != SftpType.Status)
        {
            throw Unexpected(reply);
        }

        var status = (SftpStatus)reply.UInt32();
        return status switch
        {
            SftpStatus.Ok or SftpStatus.EndOfFile => status,
            SftpStatus.NoSuchFile => throw new SftpPathNotFoundException($"No such file or folder: {path}"),
            SftpStatus.PermissionDenied => throw new SftpPermissionDeniedException($"Permission denied: {path}"),
            _ => throw new SshException($"{Encoding.UTF8.GetString(reply.Bytes())} ({status}): {path}"),
        };
    }

    public void Dispose()
    {
        _closed = true;
        _process.Dispose();
        _errors.Wait(TimeSpan.FromSeconds(1));
    }

    private static SshException Unexpected(SftpPacketReader packet) => new($"The server sent an unexpected SFTP packet of type {packet.Type}.");

    private void Send(SftpPacketWriter packet)
    {
        _input.Write(packet.Finish());
        _input.Flush();
    }

    // The stream's end in the middle of a conversation is the connection's end, or a server without the subsystem.
    private T Exchange<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            if (_closed)
            {
                throw new SshConnectionException("The client was disconnected meanwhile.", exception);
            }

            var status = _process.WaitAsync(CancellationToken.None).GetAwaiter().GetResult();
            throw new SshException($"The server's SFTP subsystem ended with status {status}.", exception);
        }
    }
}

/// <summary>SFTP status codes that are told apart here.</summary>
internal enum SftpStatus : uint
{
    Ok = 0,
    EndOfFile = 1,
    NoSuchFile = 2,
    PermissionDenied = 3,
    Failure = 4,
}
