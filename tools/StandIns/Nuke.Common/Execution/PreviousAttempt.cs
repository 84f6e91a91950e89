using System.Security.Cryptography;
using System.Text;
using Nuke.Common.IO;
using Serilog;

namespace Nuke.Common.Execution;

/// <summary>Remembers which targets of an invocation have succeeded, for `--continue`. The file holds a hash of the invocation, then names.</summary>
internal sealed class PreviousAttempt
{
    private readonly string _file;
    private readonly HashSet<string> _succeeded = new(StringComparer.Ordinal);

    public PreviousAttempt(AbsolutePath temporaryDirectory, IEnumerable<string> arguments, bool continues)
    {
        _file = temporaryDirectory / "build-attempt.log";
        var invocation = string.Join(' ', arguments.Where(word => !word.StartsWith('-')));
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(invocation)));
        if (continues && File.Exists(_file))
        {
            var lines = File.ReadAllLines(_file);
            if (lines.FirstOrDefault() == hash)
            {
                _succeeded.UnionWith(lines.Skip(1));
            }
            else
            {
                Log.Warning("Build invocation changed. Restarting ...");
            }
        }

        Keep(() => File.WriteAllLines(_file, _succeeded.Prepend(hash)));
    }

    public bool HasSucceeded(string target) => _succeeded.Contains(target);

    public void Record(string target) => Keep(() => File.AppendAllLines(_file, [target]));

    /// <summary>Another build in the same root may hold the file. What `--continue` would know is not worth a failure.</summary>
    private static void Keep(Action write)
    {
        try
        {
            write();
        }
        catch (IOException exception)
        {
            Log.Verbose(exception, "The previous attempt is not recorded");
        }
    }
}
