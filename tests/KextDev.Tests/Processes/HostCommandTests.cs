using KextDev.Processes;

namespace KextDev.Tests.Processes;

public sealed class HostCommandTests
{
    [Fact]
    public async Task Tells_exit_code_and_both_outputs()
    {
        var result = await Shell("echo out; echo err >&2; exit 3").TryRunAsync(CancellationToken.None);

        result.ShouldSatisfyAllConditions(
            () => result.ExitCode.ShouldBe(3),
            () => result.Output.ShouldBe("out\n"),
            () => result.Error.ShouldBe("err\n"));
    }

    [Fact]
    public async Task A_failure_tells_the_command_the_code_and_both_outputs()
    {
        var failure = await Should.ThrowAsync<HostCommandException>(() => Shell("echo 'what it said'; echo 'why it failed' >&2; exit 7").RunAsync(CancellationToken.None));

        failure.Message.ShouldContain("sh failed with exit code 7");
        failure.Message.ShouldContain("what it said");
        failure.Message.ShouldContain("why it failed");
        failure.Result!.ExitCode.ShouldBe(7);
    }

    [Fact]
    public async Task A_missing_program_is_named_with_the_way_out()
    {
        var failure = await Should.ThrowAsync<HostCommandException>(() => new HostCommand("no-such-program").TryRunAsync(CancellationToken.None));

        failure.Message.ShouldStartWith("no-such-program could not be started: no such program");
        failure.Message.ShouldContain("./build.sh KernelDeps");
    }

    [Fact]
    public async Task A_missing_folder_is_not_taken_for_a_missing_program()
    {
        var command = Shell("true") with { WorkingDirectory = "/no/such/folder" };

        var failure = await Should.ThrowAsync<HostCommandException>(() => command.RunAsync(CancellationToken.None));

        failure.Message.ShouldContain("the folder to start it in, /no/such/folder, does not exist");
    }

    [Fact]
    public async Task A_file_that_may_not_be_executed_is_told_so()
    {
        var file = Path.GetTempFileName();
        try
        {
            var failure = await Should.ThrowAsync<HostCommandException>(() => new HostCommand(file).RunAsync(CancellationToken.None));

            failure.Message.ShouldContain("Permission denied");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Passes_input_folder_and_environment()
    {
        var command = Shell("cat; pwd; echo $ADDED; echo ${HOME-removed}") with
        {
            StandardInput = "the input\n",
            WorkingDirectory = "/",
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["ADDED"] = "a value", ["HOME"] = null },
        };

        (await command.RunAsync(CancellationToken.None)).Output.ShouldBe("the input\n/\na value\nremoved\n");
    }

    [Fact]
    public async Task Streams_lines_while_the_program_runs_and_ends_with_the_exit()
    {
        var folder = Directory.CreateTempSubdirectory("stream-").FullName;
        var go = Path.Combine(folder, "go");
        try
        {
            var events = new List<CommandEvent>();
            await foreach (var line in Shell($"mkfifo {go}; echo one; read -r _ < {go}; echo two >&2; printf three").StreamAsync(CancellationToken.None))
            {
                events.Add(line);
                if (line == new OutputLine("one"))
                {
                    // Only a line that came while the program waits can make it go on.
                    await File.WriteAllTextAsync(go, "\n");
                }
            }

            events[0].ShouldBe(new OutputLine("one"));
            events[1..3].ShouldBe([new ErrorLine("two"), new OutputLine("three")], ignoreOrder: true);
            events[3..].ShouldBe([new Exited(0)]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Cancellation_kills_the_program_and_its_children()
    {
        using var cancellation = new CancellationTokenSource();
        var processes = new List<int>();

        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var line in Shell("echo $$; sleep 600 & echo $!; wait").StreamAsync(cancellation.Token))
            {
                processes.Add(int.Parse(((OutputLine)line).Text, System.Globalization.CultureInfo.InvariantCulture));
                if (processes.Count == 2)
                {
                    await cancellation.CancelAsync();
                }
            }
        });

        await ProcessEnd.OfAllAsync(processes);
    }

    [Fact]
    public async Task A_cancelled_program_may_clean_up_and_one_that_will_not_end_is_killed()
    {
        var folder = Directory.CreateTempSubdirectory("cancelled-").FullName;
        try
        {
            using var cancellation = new CancellationTokenSource();
            var processes = new List<int>();
            var script = $"touch {folder}/temporary; trap 'rm {folder}/temporary; exit' TERM; (trap '' TERM; sleep 600 & echo $!; while :; do wait; done) & wait";

            await Should.ThrowAsync<OperationCanceledException>(async () =>
            {
                await foreach (var line in Shell(script).StreamAsync(cancellation.Token))
                {
                    processes.Add(int.Parse(((OutputLine)line).Text, System.Globalization.CultureInfo.InvariantCulture));
                    await cancellation.CancelAsync();
                }
            });

            Directory.GetFiles(folder).ShouldBeEmpty();
            await ProcessEnd.OfAllAsync(processes);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Leaving_the_stream_early_kills_the_program()
    {
        var process = 0;
        await foreach (var line in Shell("echo $$; sleep 600").StreamAsync(CancellationToken.None))
        {
            process = int.Parse(((OutputLine)line).Text, System.Globalization.CultureInfo.InvariantCulture);
            break;
        }

        await ProcessEnd.OfAllAsync([process]);
    }

    [Fact]
    public async Task A_program_in_the_terminal_gives_its_exit_code() =>
        (await Shell("exit 5").RunInTerminalAsync(CancellationToken.None)).ShouldBe(5);

    [Fact]
    public void Equal_commands_are_equal()
    {
        Sample().ShouldBe(Sample());
        Sample().GetHashCode().ShouldBe(Sample().GetHashCode());
        Sample().ShouldNotBe(Sample() with { StandardInput = "other" });
        Sample().ShouldNotBe(Sample() with { Environment = new Dictionary<string, string?>(StringComparer.Ordinal) });
        new HostCommand("ls", "a").ShouldNotBe(new HostCommand("ls", "b"));

        static HostCommand Sample() => new("ls", "-l", "a b")
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["A"] = "1" },
        };
    }

    [Fact]
    public void Reads_as_a_person_would_type_it() =>
        new HostCommand("ls", "-l", "two words", "it's", "").ToString().ShouldBe(@"ls -l 'two words' 'it'\''s' ''");

    [Fact]
    public async Task Its_secrets_are_in_nothing_that_is_told_of_it()
    {
        var command = new HostCommand("sh", "-c", "echo \"$0 $1\"; echo \"no $1\" >&2; exit 3", "sesam", "sesam-open") { Secrets = ["sesam", "sesam-open", ""] };

        command.ToString().ShouldEndWith("'****' '****'");
        var message = (await Should.ThrowAsync<HostCommandException>(command.RunAsync(CancellationToken.None))).Message;
        message.ShouldContain("no ****");
        message.ShouldNotContain("sesam");
        message.ShouldNotContain("open");
    }

    private static HostCommand Shell(string script) => new("sh", "-c", script);
}
