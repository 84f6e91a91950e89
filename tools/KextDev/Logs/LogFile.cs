namespace KextDev.Logs;

/// <summary>A file of lines that ends at a size, or where the disk is full: what a guest logs must not fill the host's disk.</summary>
public sealed class LogFile : IDisposable
{
    /// <summary>Bytes of one file.</summary>
    public const long MostKept = 512L * 1024 * 1024;

    private readonly string _path;
    private readonly long _most;
    private readonly Note _note;
    private readonly StreamWriter _writer;
    private bool _ended;

    /// <param name="path">Goes on where it is there already.</param>
    /// <param name="note">Is told why the file ends before the log does.</param>
    /// <param name="most">Bytes.</param>
    public LogFile(string path, Note note, long most = MostKept)
    {
        (_path, _note, _most) = (path, note, most);
        var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        Length = file.Length;
        _writer = new StreamWriter(file, bufferSize: 64 * 1024) { NewLine = "\n" };
    }

    /// <summary>In bytes, with what is not yet flushed.</summary>
    public long Length { get; private set; }

    /// <returns>False where the line is not kept.</returns>
    public bool TryWrite(string line)
    {
        var size = _writer.Encoding.GetByteCount(line) + 1;
        if (!_ended && size > _most - Length)
        {
            End($"it has reached {_most / 1024 / 1024} MiB. Further lines are counted.");
        }

        return !_ended && Try(() =>
        {
            _writer.WriteLine(line);
            Length += size;
        });
    }

    public void Flush()
    {
        if (!_ended)
        {
            Try(_writer.Flush);
        }
    }

    public void Dispose() => Try(_writer.Dispose);

    private bool Try(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (IOException exception)
        {
            End(exception.Message);
            return false;
        }
    }

    private void End(string cause)
    {
        if (!_ended)
        {
            _ended = true;
            _note($"{_path} ends here: {cause}");
        }
    }
}
