using System.ComponentModel;
using System.Text;
using CliWrap;
using CliWrap.Exceptions;

namespace Packages.Tests.CliWrap;

/// <summary>What holds for the published package and for its stand-in.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task Arguments_reach_the_program_as_they_are()
    {
        string[] arguments = ["two words", "", "it's \"quoted\"", @"back\slash\\", @"end\", "$HOME", "a\nb", "größe", "*", "-x"];
        var output = new StringBuilder();

        await Cli.Wrap("printf").WithArguments(["%s|", .. arguments]).WithStandardOutputPipe(PipeTarget.ToStringBuilder(output)).ExecuteAsync();

        output.ToString().ShouldBe(string.Concat(arguments.Select(argument => argument + "|")));
    }

    [Fact]
    public async Task A_command_is_not_changed_by_what_is_made_from_it()
    {
        var output = new StringBuilder();
        var first = Shell("echo first").WithStandardOutputPipe(PipeTarget.ToStringBuilder(output));
        _ = first.WithArguments(["-c", "echo second"]).WithStandardOutputPipe(PipeTarget.Null);

        await first.ExecuteAsync();

        output.ToString().ShouldBe("first\n");
    }

    [Fact]
    public async Task A_nonzero_exit_code_is_an_error_unless_that_is_switched_off()
    {
        var failure = await Should.ThrowAsync<CommandExecutionException>(async () => await Shell("exit 9").ExecuteAsync());
        var result = await Shell("exit 9").WithValidation(CommandResultValidation.None).ExecuteAsync();

        failure.ExitCode.ShouldBe(9);
        result.ExitCode.ShouldBe(9);
        result.IsSuccess.ShouldBeFalse();
        result.RunTime.ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);
    }

    [Fact]
    public void A_program_that_does_not_exist_is_told_by_the_call_itself() =>
        Should.Throw<Win32Exception>(() => { _ = Cli.Wrap("no-such-program").ExecuteAsync(); });

    [Fact]
    public void A_folder_that_does_not_exist_is_told_by_the_call_itself() =>
        Should.Throw<Win32Exception>(() => { _ = Cli.Wrap("true").WithWorkingDirectory("/no/such/folder").ExecuteAsync(); });

    [Fact]
    public async Task Folder_and_environment_are_the_programs_own()
    {
        var output = new StringBuilder();
        await Shell("pwd; echo $ADDED; echo ${HOME-removed}")
            .WithWorkingDirectory("/")
            .WithEnvironmentVariables(new Dictionary<string, string?>(StringComparer.Ordinal) { ["ADDED"] = "a value", ["HOME"] = null })
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output))
            .ExecuteAsync();

        output.ToString().ShouldBe("/\na value\nremoved\n");
    }

    [Fact]
    public async Task Splits_lines_at_every_kind_of_line_break()
    {
        var lines = new List<string>();

        await Shell(@"printf 'one\ntwo\r\n\nfour\nlast'").WithStandardOutputPipe(PipeTarget.ToDelegate(lines.Add)).ExecuteAsync();

        lines.ShouldBe(["one", "two", "", "four", "last"]);
    }

    [Fact]
    public async Task Characters_torn_between_two_writes_stay_whole()
    {
        var output = new StringBuilder();

        await Shell(@"for byte in '\303' '\274' '\360' '\237' '\220' '\247'; do printf ""$byte""; sleep 0.01; done")
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output)).ExecuteAsync();

        output.ToString().ShouldBe("ü🐧");
    }

    [Fact]
    public async Task Large_input_and_outputs_do_not_block_each_other()
    {
        var input = new string('x', 3_000_000);
        var output = new StringBuilder();
        var error = new StringBuilder();

        await Shell("tee /dev/stderr")
            .WithStandardInputPipe(PipeSource.FromString(input))
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output))
            .WithStandardErrorPipe(PipeTarget.ToStringBuilder(error))
            .ExecuteAsync();

        output.ToString().ShouldBe(input);
        error.ToString().ShouldBe(input);
    }

    [Fact]
    public async Task A_program_may_end_without_reading_its_input()
    {
        var result = await Shell("exec true").WithStandardInputPipe(PipeSource.FromString(new string('x', 3_000_000))).ExecuteAsync();

        result.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Without_an_input_the_program_reads_an_empty_one()
    {
        var output = new StringBuilder();

        await Shell("wc -c").WithStandardOutputPipe(PipeTarget.ToStringBuilder(output)).ExecuteAsync();

        output.ToString().Trim().ShouldBe("0");
    }

    [Fact]
    public async Task Cancellation_kills_the_program_with_its_children_and_throws_with_the_token()
    {
        using var cancellation = new CancellationTokenSource();
        var lines = new List<string>();
        var command = Shell("echo $$; sleep 600 & echo $!; wait").WithStandardOutputPipe(PipeTarget.ToDelegate(line =>
        {
            lines.Add(line);
            if (lines.Count == 2)
            {
                cancellation.Cancel();
            }
        }));

        var cancelled = await Should.ThrowAsync<OperationCanceledException>(async () => await command.ExecuteAsync(cancellation.Token));

        cancelled.CancellationToken.ShouldBe(cancellation.Token);
        foreach (var process in lines)
        {
            await EndAsync(process);
        }
    }

    [Fact]
    public async Task Cancellation_does_not_wait_for_a_stranger_that_holds_the_output()
    {
        // The stranger is nobody's child any more when the program is killed; only the open pipe is left of it.
        using var cancellation = new CancellationTokenSource();
        var lines = new List<string>();
        var command = Shell("(setsid sleep 60 & echo $!); exec sleep 600").WithStandardOutputPipe(PipeTarget.ToDelegate(line =>
        {
            lines.Add(line);
            cancellation.Cancel();
        }));

        await Should.ThrowAsync<OperationCanceledException>(async () => await command.ExecuteAsync(cancellation.Token));

        Directory.Exists($"/proc/{lines[0]}").ShouldBeTrue();
        await Shell($"kill {lines[0]}").ExecuteAsync();
    }

    [Fact]
    public async Task A_target_that_fails_ends_the_program_and_the_call()
    {
        var command = Shell("yes").WithValidation(CommandResultValidation.None)
            .WithStandardOutputPipe(PipeTarget.ToDelegate(_ => throw new TimeZoneNotFoundException()));

        await Should.ThrowAsync<TimeZoneNotFoundException>(async () => await command.ExecuteAsync());
    }

    private static Command Shell(string script) => Cli.Wrap("sh").WithArguments(["-c", script]);

    private static async Task EndAsync(string process)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (File.Exists($"/proc/{process}/stat") && !(await File.ReadAllTextAsync($"/proc/{process}/stat")).Contains(") Z", StringComparison.Ordinal))
        {
            limit.IsCancellationRequested.ShouldBeFalse($"process {process} still runs");
            await Task.Delay(10, CancellationToken.None);
        }
    }
}
