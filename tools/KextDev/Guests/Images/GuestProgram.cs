using KextDev.Processes;

namespace KextDev.Guests.Images;

/// <summary>A program of an embedded guest's that Debian does not have.</summary>
/// <param name="Path">In the guest, without the first slash.</param>
/// <param name="Source">One file of C.</param>
internal sealed record GuestProgram(string Path, string Source)
{
    /// <summary>The program, static.</summary>
    public async Task<byte[]> BuildAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("kextdev-").FullName;
        try
        {
            var program = System.IO.Path.Combine(folder, System.IO.Path.GetFileName(Path));
            await File.WriteAllTextAsync(program + ".c", Source, cancellationToken);
            await new HostCommand("gcc", "-std=gnu11", "-Os", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-o", program, program + ".c").RunAsync(cancellationToken);
            return await File.ReadAllBytesAsync(program, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
