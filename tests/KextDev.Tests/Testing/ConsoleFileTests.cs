using KextDev.Testing;

namespace KextDev.Tests.Testing;

public sealed class ConsoleFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("console").FullName;

    private string Source => Path.Combine(_folder, "console");

    private string Copy => Path.Combine(_folder, "copy");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Lines_come_as_they_are_written_and_the_copy_is_the_same_bytes()
    {
        await File.WriteAllTextAsync(Source, "first\r\nsec");
        using var stop = new CancellationTokenSource();
        var lines = new List<string?>();

        await foreach (var line in new ConsoleFile(Source, Copy).FollowAsync(0, stop.Token))
        {
            lines.Add(line);
            switch (lines.Count)
            {
                case 2:
                    await File.AppendAllTextAsync(Source, "ond\nunfinished");
                    break;
                case 4:
                    await stop.CancelAsync();
                    break;
            }
        }

        // Null is the console's silence: once after each time that it spoke.
        lines.ShouldBe(["first", null, "second", null, "unfinished"]);
        (await File.ReadAllBytesAsync(Copy)).ShouldBe(await File.ReadAllBytesAsync(Source));
    }

    [Fact]
    public async Task Reading_begins_at_the_given_place()
    {
        await File.WriteAllTextAsync(Source, "of others\nours\n");

        var lines = await ReadAllAsync("of others\n".Length);

        lines.ShouldBe(["ours"]);
    }

    [Fact]
    public async Task A_line_without_an_end_is_cut_and_nothing_is_lost()
    {
        await File.WriteAllTextAsync(Source, new string('x', 100_000) + "\nafter\n");

        var lines = await ReadAllAsync(0);

        lines.Take(lines.Count - 1).ShouldAllBe(line => line.Length <= 16 * 1024);
        string.Concat(lines).ShouldBe(new string('x', 100_000) + "after");
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_kept_in_the_copy()
    {
        byte[] bytes = [0xff, 0xfe, (byte)'a', 0, 0xc3, (byte)'\n', 0xe6, 0x97];
        await File.WriteAllBytesAsync(Source, bytes);

        (await ReadAllAsync(0)).Count.ShouldBe(1);
        (await File.ReadAllBytesAsync(Copy)).ShouldBe(bytes);
    }

    private async Task<List<string>> ReadAllAsync(long start)
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var lines = new List<string>();
        await foreach (var line in new ConsoleFile(Source, Copy).FollowAsync(start, stop.Token))
        {
            lines.Add(line.ShouldNotBeNull());
        }

        return lines;
    }
}
