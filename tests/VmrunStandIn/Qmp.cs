using System.Net.Sockets;
using System.Text.Json;

namespace VmrunStandIn;

/// <summary>QEMU's machine protocol: one command at a time.</summary>
internal sealed class Qmp : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;

    public Qmp(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        var stream = new NetworkStream(_socket);
        _reader = new StreamReader(stream);
        _writer = new StreamWriter(stream) { AutoFlush = true };
        _reader.ReadLine();
        Run("qmp_capabilities");
    }

    public JsonElement Run(string command, object? arguments = null)
    {
        _writer.WriteLine(JsonSerializer.Serialize(arguments is null ? new { execute = command } : (object)new { execute = command, arguments }));
        while (_reader.ReadLine() is { } line)
        {
            var answer = JsonElement.Parse(line);
            if (answer.TryGetProperty("return", out var value))
            {
                return value;
            }

            if (answer.TryGetProperty("error", out var error))
            {
                throw new VmrunError($"QEMU refused {command}: {error}");
            }
        }

        // quit ends the connection.
        return default;
    }

    public void Dispose()
    {
        _writer.Dispose();
        _reader.Dispose();
        _socket.Dispose();
    }
}
