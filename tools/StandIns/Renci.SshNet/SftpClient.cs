using System.Globalization;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;

namespace Renci.SshNet;

/// <summary>Moves files to and from a server. One operation at a time.</summary>
public class SftpClient : BaseClient
{
    // What every server takes in one packet, and so many packets under way that the line stays full.
    private const int BlockLength = 32 * 1024;
    private const int BlocksUnderWay = 32;
    private const uint PermissionsFlag = 4;
    private SftpSession? _session;

    public SftpClient(ConnectionInfo connectionInfo)
        : base(connectionInfo)
    {
    }

    [Flags]
    private enum OpenMode : uint
    {
        Read = 1,
        Write = 2,
        Create = 8,
        Truncate = 16,
    }

    /// <summary>Writes the whole stream to a remote file, which is made or replaced.</summary>
    /// <exception cref="SftpPathNotFoundException">The remote folder does not exist.</exception>
    /// <exception cref="SftpPermissionDeniedException">The remote user may not write there.</exception>
    public void UploadFile(Stream input, string path, Action<ulong>? uploadCallback = null)
    {
        var session = RequireSession();
        var handle = Open(session, path, OpenMode.Write | OpenMode.Create | OpenMode.Truncate);
        var underWay = new Queue<uint>();
        var block = new byte[BlockLength];
        ulong offset = 0;
        try
        {
            for (int count; (count = input.Read(block)) > 0; offset += (uint)count)
            {
                underWay.Enqueue(session.Request(SftpType.Write, packet => packet.String(handle).UInt64(offset).String(block.AsSpan(0, count))));
                if (underWay.Count == BlocksUnderWay)
                {
                    session.Confirm(underWay.Dequeue(), path);
                }

                uploadCallback?.Invoke(offset + (uint)count);
            }

            while (underWay.TryDequeue(out var id))
            {
                session.Confirm(id, path);
            }
        }
        catch (Exception exception) when (exception is not SshConnectionException)
        {
            Settle(session, underWay);
            Close(session, handle);
            throw;
        }

        session.Confirm(session.Request(SftpType.Close, packet => packet.String(handle)), path);
    }

    /// <summary>Reads a whole remote file into the stream.</summary>
    /// <exception cref="SftpPathNotFoundException">There is no such file.</exception>
    public void DownloadFile(string path, Stream output, Action<ulong>? downloadCallback = null)
    {
        var session = RequireSession();
        var handle = Open(session, path, OpenMode.Read);
        var underWay = new Queue<uint>();
        ulong asked = 0;
        ulong offset = 0;
        void Ask()
        {
            underWay.Enqueue(session.Request(SftpType.Read, packet => packet.String(handle).UInt64(asked).UInt32(BlockLength)));
            asked += BlockLength;
        }

        try
        {
            while (true)
            {
                while (underWay.Count < BlocksUnderWay)
                {
                    Ask();
                }

                var reply = session.Reply(underWay.Dequeue());
                if (reply.Type != SftpType.Data)
                {
                    // Ok would be an answer to something else; only the end of the file is left.
                    _ = SftpSession.StatusOf(reply, path);
                    break;
                }

                var data = reply.Bytes();
                output.Write(data);
                offset += (uint)data.Length;
                downloadCallback?.Invoke(offset);
                if (data.Length < BlockLength)
                {
                    // A short block: the file's end, or a file that is made while it is read. What was asked ahead has the wrong offsets.
                    Settle(session, underWay);
                    asked = offset;
                }
            }
        }
        catch (Exception exception) when (exception is not SshConnectionException)
        {
            Settle(session, underWay);
            Close(session, handle);
            throw;
        }

        Settle(session, underWay);
        Close(session, handle);
    }

    public void CreateDirectory(string path)
    {
        var session = RequireSession();
        session.Confirm(session.Request(SftpType.MakeDirectory, packet => packet.String(path).UInt32(0)), path);
    }

    public bool Exists(string path)
    {
        var session = RequireSession();
        try
        {
            session.Expect(session.Request(SftpType.Stat, packet => packet.String(path)), SftpType.Attributes, path);
            return true;
        }
        catch (SftpPathNotFoundException)
        {
            return false;
        }
    }

    /// <param name="path">A file or a folder.</param>
    /// <param name="mode">The octal digits as they are written: 755.</param>
    public void ChangePermissions(string path, short mode)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mode);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mode, 999);
        var session = RequireSession();
        var bits = Convert.ToUInt32(mode.ToString(CultureInfo.InvariantCulture), fromBase: 8);
        session.Confirm(session.Request(SftpType.SetStat, packet => packet.String(path).UInt32(PermissionsFlag).UInt32(bits)), path);
    }

    private protected override void OnConnected()
    {
        try
        {
            _session = new SftpSession(RequireConnection());
        }
        catch
        {
            Disconnect();
            throw;
        }
    }

    private protected override void OnDisconnecting() => Interlocked.Exchange(ref _session, null)?.Dispose();

    private static byte[] Open(SftpSession session, string path, OpenMode mode)
    {
        var id = session.Request(SftpType.Open, packet => packet.String(path).UInt32((uint)mode).UInt32(0));
        return session.Expect(id, SftpType.Handle, path).Bytes().ToArray();
    }

    // A handle that served: whether the server minds its end changes nothing.
    private static void Close(SftpSession session, byte[] handle) =>
        _ = session.Reply(session.Request(SftpType.Close, packet => packet.String(handle)));

    private static void Settle(SftpSession session, Queue<uint> underWay)
    {
        while (underWay.TryDequeue(out var id))
        {
            _ = session.Reply(id);
        }
    }

    private SftpSession RequireSession() => _session ?? throw new SshConnectionException("Client not connected.");
}
