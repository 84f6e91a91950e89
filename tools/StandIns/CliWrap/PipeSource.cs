using System.Text;

namespace CliWrap;

/// <summary>What a command reads on its standard input.</summary>
public abstract class PipeSource
{
    /// <summary>An empty input.</summary>
    public static PipeSource Null { get; } = new Text("");

    public static PipeSource FromString(string str) => new Text(str);

    public abstract Task CopyToAsync(Stream destination, CancellationToken cancellationToken = default);

    private sealed class Text(string text) : PipeSource
    {
        public override async Task CopyToAsync(Stream destination, CancellationToken cancellationToken = default)
        {
            if (text.Length > 0)
            {
                await destination.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
