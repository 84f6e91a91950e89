using System.Globalization;
using KextDev.Guests;
using KextDev.Processes;
using KextDev.Shells;
using KextDev.Tests.Processes;
using Packages.Tests.SshNet;

namespace KextDev.Tests.Shells;

public sealed class ResumedStreamOnOpenSshTests(OpenSshServer server) : ResumedStreamTests(server), IClassFixture<OpenSshServer>;

public sealed class ResumedStreamOnDropbearTests(DropbearServer server) : ResumedStreamTests(server), IClassFixture<DropbearServer>;

/// <summary>A command goes on in the guest while its connection is lost, and its output is read on over a new one; "the guest" is this machine.</summary>
public abstract class ResumedStreamTests(SshServer server) : IDisposable
{
    // Where the guest keeps the output, and the process group that the command has.
    private const string Places = "readlink /proc/$$/fd/1; echo $$; ";

    private readonly RelayedLine _line = new(server.Host, server.Port);
    private readonly string _folder = Directory.CreateTempSubdirectory("resumed-").FullName;

    private GuestEndpoint Endpoint => new(server.Host, _line.Port, server.User, server.PrivateKeyFile, server.HostKey);

    private string Go => Path.Combine(_folder, "go");

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _line.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Each_line_comes_once_however_often_the_connection_is_cut()
    {
        const string Count = "while [ $i -lt $end ]; do i=$((i + 1)); printf 'line '; echo $i; echo error $i >&2; done; ";
        var command = $"mkfifo {Go} {Go}2; {Places}i=0 end=1000; {Count}read -r _ <{Go}; printf 'half a '; read -r _ <{Go}2; end=2000; {Count}exit 3";
        var events = new List<CommandEvent>();
        await using (var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None))
        {
            await foreach (var told in shell.StreamAsync(command, CancellationToken.None))
            {
                events.Add(told);
                switch (told, events.OfType<Resumed>().Count())
                {
                    case (OutputLine { Text: "line 300" }, _):
                        _line.Cut();
                        break;
                    case (Resumed, 1):
                        await LetGoAsync();
                        _line.Cut();
                        break;
                    case (Resumed, 2):
                        await LetGoAsync("2");
                        break;
                }
            }

            (await shell.RunAsync("echo hello", CancellationToken.None)).Output.ShouldBe("hello\n");
        }

        var lines = events.OfType<OutputLine>().Select(line => line.Text).ToList();
        FirstWrong(lines[2..], [.. Lines("line", 1, 1000), "half a line 1001", .. Lines("line", 1002, 2000)]).ShouldBeNull();
        FirstWrong([.. events.OfType<ErrorLine>().Select(line => line.Text)], [.. Lines("error", 1, 2000)]).ShouldBeNull();
        events[^1].ShouldBe(new Exited(3));
        events.OfType<Resumed>().Count().ShouldBe(2);
        Directory.Exists(Path.GetDirectoryName(lines[0])).ShouldBeFalse();
    }

    [Fact]
    public async Task Two_streams_that_lose_the_connection_together_share_the_new_one()
    {
        string[] pipes = ["", "2"];
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        var streams = pipes
            .Select(pipe => shell.StreamAsync($"mkfifo {Go}{pipe}; echo ready; read -r _ <{Go}{pipe}; echo on", CancellationToken.None).GetAsyncEnumerator())
            .ToList();
        foreach (var stream in streams)
        {
            (await NextAsync(stream)).ShouldBe(new OutputLine("ready"));
        }

        _line.Cut();

        foreach (var (stream, pipe) in streams.Zip(pipes))
        {
            (await NextAsync(stream)).ShouldBeOfType<Resumed>();
            await LetGoAsync(pipe);
            (await NextAsync(stream)).ShouldBe(new OutputLine("on"));
            (await NextAsync(stream)).ShouldBe(new Exited(0));
            await stream.DisposeAsync();
        }

        _line.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task Cancellation_ends_the_command_over_the_new_connection()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var processes = new List<int>();

        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var told in shell.StreamAsync($"echo $$; trap '' TERM; sleep 600 & echo $!; mkfifo {Go}; read -r _ <{Go}; echo on; wait; sleep 600", cancellation.Token))
            {
                switch (told)
                {
                    case OutputLine { Text: "on" }:
                        await cancellation.CancelAsync();
                        break;
                    case OutputLine { Text: var id }:
                        processes.Add(int.Parse(id, CultureInfo.InvariantCulture));
                        if (processes.Count == 2)
                        {
                            _line.Cut();
                        }

                        break;
                    case Resumed:
                        await LetGoAsync();
                        break;
                }
            }
        });

        processes.Count.ShouldBe(2);
        await ProcessEnd.OfAllAsync(processes);
    }

    [Fact]
    public async Task What_the_guest_could_not_keep_is_a_lost_connection_and_no_gap()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        var resumed = 0;

        var failure = await Should.ThrowAsync<ConnectionLostException>(async () =>
        {
            await foreach (var told in shell.StreamAsync($"mkfifo {Go}; echo more; head -c 40000000 /dev/zero; echo; echo all; read -r _ <{Go}; echo unheard", CancellationToken.None))
            {
                if (told == new OutputLine("all"))
                {
                    _line.Cut();
                }

                if (told is Resumed)
                {
                    resumed++;
                    await LetGoAsync();
                }

                told.ShouldNotBe(new OutputLine("unheard"));
            }
        });

        resumed.ShouldBe(1);
        failure.Message.ShouldContain("more than 16 MiB");
    }

    /// <summary>Nobody is left to say how the command ended: as in a guest that kills processes for want of memory.</summary>
    [Fact]
    public async Task A_command_whose_supervisor_was_killed_is_a_lost_connection()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        await Should.ThrowAsync<ConnectionLostException>(async () =>
        {
            await foreach (var told in shell.StreamAsync($"mkfifo {Go}; echo ready; read -r _ <{Go}; kill -s KILL $PPID", CancellationToken.None))
            {
                switch (told)
                {
                    case OutputLine:
                        _line.Cut();
                        break;
                    case Resumed:
                        await LetGoAsync();
                        break;
                }
            }
        });
    }

    // Thousands of lines are no failure's text.
    private static string? FirstWrong(IReadOnlyList<string> lines, IReadOnlyList<string> expected)
    {
        var same = lines.Zip(expected).TakeWhile(pair => pair.First == pair.Second).Count();
        return same == lines.Count && same == expected.Count
            ? null
            : $"after {same} lines of {expected.Count}: {string.Join(" | ", lines.Skip(same).Take(5))}";
    }

    private static IEnumerable<string> Lines(string word, int first, int last) => Enumerable.Range(first, last - first + 1).Select(number => $"{word} {number}");

    private static async Task<CommandEvent> NextAsync(IAsyncEnumerator<CommandEvent> stream)
    {
        (await stream.MoveNextAsync()).ShouldBeTrue();
        return stream.Current;
    }

    // The command waits at its end of the pipe, or is about to.
    private Task LetGoAsync(string pipe = "") => File.WriteAllTextAsync(Go + pipe, "\n");
}
