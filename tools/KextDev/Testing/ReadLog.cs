using System.Runtime.CompilerServices;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Logs;
using KextDev.Platforms;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>Reads, for a person, what the extension logs in a guest that is up: what is in the system log by now, and what comes.</summary>
public sealed class ReadLog(StateFolder state, RunJournal journal)
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Of what was logged before, where one looks at what comes.</summary>
    private const int Recent = 10;

    /// <param name="level">The least that is wanted.</param>
    /// <param name="follow">Whether to go on until cancelled.</param>
    /// <exception cref="InfrastructureException">The extension has no log channel, or the guest is not what it is taken for.</exception>
    public async IAsyncEnumerable<ToldMessage> RunAsync(
        Project project, GuestDefinition definition, GuestEndpoint endpoint, MessageLevel level, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = project.LogOf(definition.Platform) ?? throw new InfrastructureException(
            $"The extension of {project.Name} has no log channel on {definition.Platform}: {project.File} names none. Name it as \"log\" of the platform there.");
        await using var shell = await GuestShell.ConnectAsync(endpoint, cancellationToken);
        var platform = await KernelPlatforms.OpenAsync(definition.Platform, shell, cancellationToken);
        var extension = new DeployedExtension(project.ExtensionName(definition.Platform), project.DefaultVariant, Path: "");
        var messages = await ReadSystemLogAsync(platform, extension.Name, level, cancellationToken);
        foreach (var message in follow ? messages.TakeLast(Recent) : messages)
        {
            yield return message;
        }

        if (!await platform.IsLoadedAsync(extension, cancellationToken))
        {
            Note($"{extension.Name} is not loaded in guest {definition.Name}. ./build.sh KernelTestLoad --guest {definition.Name} loads it.");
        }
        else if (messages.Count == 0 && !follow)
        {
            Note($"The system log of guest {definition.Name} has no message of {extension.Name}'s at level {level.ToString().ToLowerInvariant()} or above. Those to come: --follow.");
        }

        if (!follow)
        {
            yield break;
        }

        var daemon = new LogDaemon(await DeployAsync(project, definition, shell, cancellationToken), channel);
        await foreach (var told in shell.StreamAsync(daemon.WatchCommand(level, platform.LogLevel(extension.Name)), cancellationToken))
        {
            if (told is OutputLine line && ToldMessage.Of(ChannelLine.Parse(line.Text), platform.Clock) is { } message)
            {
                yield return message;
            }
            else if (told is ErrorLine complaint)
            {
                Note(complaint.Text);
            }
            else if (told is Exited exited)
            {
                throw new InfrastructureException($"{daemon.Path} ended in guest {definition.Name} with exit code {exited.ExitCode}; why stands above.");
            }
        }
    }

    private static async Task<IReadOnlyList<ToldMessage>> ReadSystemLogAsync(IKernelPlatform platform, string extension, MessageLevel level, CancellationToken cancellationToken)
    {
        await foreach (var evidence in platform.CollectAsync(cancellationToken))
        {
            if (evidence.IsKernelLog)
            {
                return
                [
                    .. from text in evidence.Text.Split('\n')
                       let line = platform.ReadLogLine(text.TrimEnd('\r'))
                       let message = SystemLogMessage.Parse(line.Text, extension)
                       where message is not null && message.Level >= level
                       select ToldMessage.Of(message, line.Time, platform.Clock),
                ];
            }
        }

        return [];
    }

    // KernelTestLoad leaves it there.
    private async Task<string> DeployAsync(Project project, GuestDefinition definition, GuestShell shell, CancellationToken cancellationToken)
    {
        const string Path = $"{LoadByHand.Folder}/{GuestPrograms.LogDaemon}";
        if ((await shell.RunAsync($"test -x {ShellWord.Quote(Path)}", cancellationToken)).ExitCode != 0)
        {
            var programs = await new BuildExtension(state, sdk: null, journal).BuildProgramsAsync(project, definition, cancellationToken);
            await shell.UploadAsync(programs.First(program => program.Name == GuestPrograms.LogDaemon).Path, Path, Executable, cancellationToken);
        }

        return Path;
    }

    private void Note(string sentence) => journal.Publish(new NoteGiven(sentence));
}
