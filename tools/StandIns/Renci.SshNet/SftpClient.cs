using Renci.SshNet.Common;
using Renci.SshNet.Sftp;

namespace Renci.SshNet;

/// <summary>Fetches files from a server. One operation at a time.</summary>
public class SftpClient : BaseClient
{
    // What every server takes in one packet, and so many packets under way that the line stays full.
    private const int BlockLength = 32 * 1024;
    private const int BlocksUnderWay = 32;
    private const uint ForReading = 1;
    private SftpSession? _session;

    public SftpClient(ConnectionInfo connectionInfo)
        : base(connectionInfo)
    {
    }

    /// <summary>Reads a whole remote file into the stream.</summary>
    /// <exception cref="SftpPathNotFoundException">There is no such file.</exception>
    public void DownloadFile(string path, Stream output, Action<ulong>? downloadCallback = null)
    {
        var session = RequireSession();
        var handle = Open(session, path);
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

    private static byte[] Open(SftpSession session, string path)
    {
        var id = session.Request(SftpType.Open, packet => packet.String(path).UInt32(ForReading).UInt32(0));
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
