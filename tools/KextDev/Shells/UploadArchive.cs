using System.Formats.Tar;
using KextDev.Processes;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace KextDev.Shells;

/// <summary>Files on their way into one folder of a guest and the folders below it, all of which are made where they are missing.</summary>
internal sealed class UploadArchive(IReadOnlyList<Upload> files)
{
    private const UnixFileMode AllPermissions = (UnixFileMode)0b111_111_111;

    /// <summary>The deepest folder that all files lie below.</summary>
    private string Folder
    {
        get
        {
            var parents = files.Select(file => file.RemoteFile.Split('/')[..^1]).ToList();
            var common = parents[0].TakeWhile((name, index) => parents.TrueForAll(parent => parent.Length > index && parent[index] == name));
            return string.Join('/', common) + "/";
        }
    }

    /// <exception cref="IOException">A file cannot be read, or the guest refuses one, in its tar's own words.</exception>
    /// <exception cref="SshException">The connection broke.</exception>
    public async Task SendAsync(SshClient shell, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var folder = ShellWord.Quote(Folder);
        var contents = new List<FileStream>();
        try
        {
            // All of them before the guest hears of any.
            contents.AddRange(files.Select(file => File.OpenRead(file.LocalFile)));

            // Of whoever unpacks, with the modes that they are sent with.
            using var run = shell.CreateCommand($"mkdir -p {folder} && exec tar -x -o -p -f - -C {folder}");
            var ended = run.ExecuteAsync(cancellationToken);
            var input = run.CreateInputStream();
            var told = Task.WhenAll(GuestText.ReadToEndAsync(run.OutputStream), GuestText.ReadToEndAsync(run.ExtendedOutputStream));
            var sent = Task.Run(() => WriteAsync(input, contents), CancellationToken.None);

            // A tar that gave up reads no more: what it did not take is sent to nobody.
            await Task.WhenAny(sent, ended);
            await ended;
            var words = string.Concat(await told).Trim();
            switch (run.ExitStatus)
            {
                case null:
                    throw new SshConnectionException("The session ended without an exit status.");
                case not 0:
                    throw new IOException(words.Length > 0 ? words : $"its tar ended with exit code {run.ExitStatus}.");
            }

            await sent;
        }
        finally
        {
            contents.ForEach(content => content.Dispose());
        }
    }

    private async Task WriteAsync(Stream input, IReadOnlyList<FileStream> contents)
    {
        await using (input)
        await using (var archive = new TarWriter(input, TarEntryFormat.Gnu, leaveOpen: true))
        {
            foreach (var (file, content) in files.Zip(contents))
            {
                var entry = new GnuTarEntry(TarEntryType.RegularFile, file.RemoteFile[Folder.Length..]) { Mode = file.Mode & AllPermissions, DataStream = content };
                await archive.WriteEntryAsync(entry);
            }
        }
    }
}
