using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace KextDev.Guests.Qemu;

/// <summary>Something that QEMU tells by itself.</summary>
/// <param name="Data">Undefined when the event carries none.</param>
public sealed record QmpEvent(string Name, JsonElement Data, DateTimeOffset Time);

/// <summary>
/// QEMU's machine protocol (docs/interop/qmp-spec.txt of QEMU): a line of JSON each way, answers told by their id, events in between.
/// QEMU speaks to one client at a time; a second one waits.
/// </summary>
public sealed class QmpClient : IAsyncDisposable
{
    private static readonly TimeSpan GreetingLimit = TimeSpan.FromSeconds(5);

    private readonly NetworkStream _stream;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _waiting = new();
    private readonly Lock _subscriptions = new();
    private readonly List<Channel<QmpEvent>> _subscribers = [];
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TaskCompletionSource _greeting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private bool _ended;
    private long _lastId;

    private QmpClient(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reading = ReadAsync();
    }

    /// <summary>Ends when QEMU is gone or closed the connection; never fails.</summary>
    public Task Closed => _reading;

    /// <exception cref="QmpException">Nobody answers there, or not as QEMU does.</exception>
    public static async Task<QmpClient> ConnectAsync(string socketPath, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(GreetingLimit);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        QmpClient? client = null;
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), limit.Token);
            client = new QmpClient(socket);
            await client._greeting.Task.WaitAsync(limit.Token);
            await client.ExecuteAsync("qmp_capabilities", arguments: null, limit.Token);
            return client;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or QmpException)
        {
            if (client is not null)
            {
                await client.DisposeAsync();
            }

            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            var why = exception is OperationCanceledException
                ? $"no answer within {GreetingLimit.TotalSeconds} s; another client may be connected"
                : exception.Message;
            throw new QmpException($"QEMU does not speak on {socketPath}: {why}", exception);
        }
    }

    /// <summary>Runs a command and returns its "return" value.</summary>
    /// <param name="arguments">Named as QEMU names them; null for none.</param>
    /// <exception cref="QmpException">QEMU refused, in its own words, or went away before it answered.</exception>
    public async Task<JsonElement> ExecuteAsync(string command, JsonObject? arguments, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastId);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        try
        {
            if (Volatile.Read(ref _ended))
            {
                throw Gone(command);
            }

            var message = new JsonObject { ["execute"] = command };
            if (arguments is not null)
            {
                message["arguments"] = arguments;
            }

            message["id"] = id;
            await WriteAsync(Encoding.UTF8.GetBytes(message.ToJsonString() + '\n'), cancellationToken);
            var response = await answer.Task.WaitAsync(cancellationToken);
            return response.TryGetProperty("return", out var value) ? value : throw new QmpException($"QEMU refused '{command}': {Describe(response)}");
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            throw Gone(command, exception);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    /// <summary>Starts to collect events at once, in order; the reader completes when QEMU is gone.</summary>
    public ChannelReader<QmpEvent> Subscribe()
    {
        var channel = Channel.CreateUnbounded<QmpEvent>();
        lock (_subscriptions)
        {
            if (_ended)
            {
                channel.Writer.Complete();
            }

            _subscribers.Add(channel);
        }

        return channel.Reader;
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await _reading;
        _writing.Dispose();
    }

    private async Task WriteAsync(byte[] line, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // A command that is written in half would spoil the next: no cancellation in the middle.
            await _stream.WriteAsync(line, CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            using var reader = new StreamReader(_stream, new UTF8Encoding(false), leaveOpen: true);
            while (await reader.ReadLineAsync() is { } line)
            {
                Receive(line);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The connection is gone, which is all that the waiting need to know.
        }

        lock (_subscriptions)
        {
            Volatile.Write(ref _ended, true);
            _subscribers.ForEach(subscriber => subscriber.Writer.TryComplete());
        }

        _greeting.TrySetException(new QmpException("it closed the connection without a greeting."));
        foreach (var answer in _waiting.Values)
        {
            answer.TrySetException(Gone("a command"));
        }
    }

    private void Receive(string line)
    {
        JsonElement message;
        try
        {
            message = JsonElement.Parse(line);
        }
        catch (JsonException)
        {
            // Not of the protocol; whoever waits for an answer is told by its own time limit.
            return;
        }

        if (message.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (message.TryGetProperty("QMP", out _))
        {
            _greeting.TrySetResult();
        }
        else if (message.TryGetProperty("event", out var name) && name.ValueKind == JsonValueKind.String)
        {
            Publish(new QmpEvent(name.GetString()!, message.TryGetProperty("data", out var data) ? data : default, DateTimeOffset.Now));
        }
        else if (message.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number)
            && _waiting.TryGetValue(number, out var answer))
        {
            answer.TrySetResult(message);
        }
    }

    private void Publish(QmpEvent qmpEvent)
    {
        lock (_subscriptions)
        {
            _subscribers.ForEach(subscriber => subscriber.Writer.TryWrite(qmpEvent));
        }
    }

    private static string Describe(JsonElement response) =>
        response.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object && error.TryGetProperty("desc", out var text)
            ? text.ToString()
            : response.ToString();

    private static QmpException Gone(string command, Exception? cause = null) => new($"QEMU went away before it answered '{command}'.", cause);
}
