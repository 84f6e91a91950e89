using System.Text;

namespace CliWrap;

/// <summary>Where a command's standard output or standard error goes.</summary>
public abstract class PipeTarget
{
    private const int BufferLength = 4096;

    /// <summary>Read and dropped.</summary>
    public static PipeTarget Null { get; } = new CharacterTarget((_, _) => Task.CompletedTask);

    public static PipeTarget ToStringBuilder(StringBuilder stringBuilder) =>
        new CharacterTarget((text, _) =>
        {
            stringBuilder.Append(text.Span);
            return Task.CompletedTask;
        });

    /// <summary>Each line as it comes, without its line break; also a last line that has none.</summary>
    public static PipeTarget ToDelegate(Action<string> handleLine) => new LineTarget(handleLine);

    public abstract Task CopyFromAsync(Stream origin, CancellationToken cancellationToken = default);

    private sealed class CharacterTarget(Func<ReadOnlyMemory<char>, CancellationToken, Task> handle) : PipeTarget
    {
        public override async Task CopyFromAsync(Stream origin, CancellationToken cancellationToken = default)
        {
            using var reader = new StreamReader(origin, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, BufferLength, leaveOpen: true);
            var buffer = new char[BufferLength];
            int count;
            while ((count = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await handle(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private sealed class LineTarget(Action<string> handleLine) : PipeTarget
    {
        public override async Task CopyFromAsync(Stream origin, CancellationToken cancellationToken = default)
        {
            var line = new StringBuilder();
            var last = '\0';
            var characters = new CharacterTarget((text, _) =>
            {
                foreach (var character in text.Span)
                {
                    // "\r\n" may be torn between two reads: the "\n" that follows a "\r" ends nothing.
                    if (character is '\r' || (character is '\n' && last is not '\r'))
                    {
                        handleLine(line.ToString());
                        line.Clear();
                    }
                    else if (character is not '\n')
                    {
                        line.Append(character);
                    }

                    last = character;
                }

                return Task.CompletedTask;
            });
            await characters.CopyFromAsync(origin, cancellationToken).ConfigureAwait(false);
            if (line.Length > 0)
            {
                handleLine(line.ToString());
            }
        }
    }
}
