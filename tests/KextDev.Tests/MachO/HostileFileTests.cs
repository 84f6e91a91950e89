using KextDev.MachO;
using KextDev.Processes;

namespace KextDev.Tests.MachO;

/// <summary>Damages sound files in ways that a seed fixes: each is read and linked, or yields numbered diagnostics; nothing else.</summary>
public sealed class HostileFileTests : IDisposable
{
    private const int Rounds = 4_000;

    // Numbers that break sums, products and comparisons.
    private static readonly uint[] Extremes = [0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF, 0x00FFFFFF, 0x10000000];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Damaged_objects_link_or_are_refused(int seed)
    {
        var kmod = await Clang.KmodAsync(_folder);
        var sound = await Clang.CompileAsync(_folder, "one.c", """
            extern int far(int); extern int data; static int state[4]; int common[7];
            const char *text = "text"; int (*pointer)(int) = far;
            int one(int n) { state[n] = far(n) + data; return common[n]; }
            __asm__(".data\n_difference: .quad _later - _difference\n_later: .quad 0\n");
            """, "-fcommon");

        foreach (var damaged in Damage(sound.Bytes.ToArray(), seed))
        {
            CheckLink(KextLinker.Link(new KextLinkRequest([kmod, sound with { Bytes = damaged }]), CancellationToken.None));
        }
    }

    [Fact]
    public async Task Damaged_kexts_are_read_or_refused()
    {
        var sound = LinkedKext.Link(await Clang.KmodAsync(_folder), await Clang.CompileAsync(_folder, "one.c", "extern int far(int); int one(int n) { return far(n); }"));

        foreach (var damaged in Damage(sound, seed: 3).Concat(Damage(AppleKext.Write(), seed: 4)))
        {
            var reading = MachOReader.Read(damaged, "damaged");
            Check(reading.Diagnostics);
            if (reading.File is { } file)
            {
                // Whatever is accepted can be used whole.
                _ = file.Imports;
                _ = KmodInfo.Find(file);
                MachOWriter.Write(file).Length.ShouldBe(damaged.Length);
            }
        }
    }

    [Fact]
    public async Task Damaged_archives_are_read_or_refused()
    {
        var kmod = await Clang.KmodAsync(_folder);
        await Clang.CompileAsync(_folder, "a-name-of-more-than-sixteen-letters.c", "int one(void) { return 1; }");
        await new HostCommand("llvm-ar-14", "rcs", "--format=darwin", _folder.Combine("lib.a"), _folder.Combine("a-name-of-more-than-sixteen-letters.o"))
            .RunAsync(CancellationToken.None);
        var caller = await Clang.CompileAsync(_folder, "caller.c", "extern int one(void); int caller(void) { return one(); }");

        foreach (var damaged in Damage(File.ReadAllBytes(_folder.Combine("lib.a")), seed: 5))
        {
            CheckLink(KextLinker.Link(new KextLinkRequest([kmod, caller, new LinkInput("lib.a", damaged)]), CancellationToken.None));
        }
    }

    private static void CheckLink(KextLinkResult result)
    {
        Check(result.Diagnostics);
        if (result.File is null)
        {
            result.Diagnostics.ShouldContain(diagnostic => diagnostic.Severity == LinkSeverity.Error);
        }
        else
        {
            LinkedKext.Read(result.File);
        }
    }

    private static void Check(IReadOnlyList<LinkDiagnostic> diagnostics)
    {
        diagnostics.Count.ShouldBeLessThanOrEqualTo(100);
        foreach (var diagnostic in diagnostics)
        {
            diagnostic.Code.ShouldMatch(@"\AKL[12]0\d\d\z");
            diagnostic.Message.ShouldNotBeEmpty();
        }
    }

    private static IEnumerable<byte[]> Damage(byte[] sound, int seed)
    {
        var random = new Random(seed);
        for (var length = 0; length < sound.Length; length += 1 + random.Next(Math.Max(1, sound.Length / 200)))
        {
            yield return sound[..length];
        }

        // Most numbers that matter stand in the header and in the tables at the end.
        for (var round = 0; round < Rounds; round++)
        {
            var damaged = sound.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(3) switch
                {
                    0 => random.Next(damaged.Length),
                    1 => random.Next(damaged.Length - (damaged.Length / 3), damaged.Length),
                    _ => random.Next(Math.Min(1500, damaged.Length)),
                };
                switch (random.Next(3))
                {
                    case 0:
                        damaged[at] = (byte)random.Next(256);
                        break;
                    case 1:
                        damaged[at] ^= (byte)(1 << random.Next(8));
                        break;
                    default:
                        at = Math.Min(at & ~3, damaged.Length - 4);
                        BitConverter.TryWriteBytes(damaged.AsSpan(at), Extremes[random.Next(Extremes.Length)]);
                        break;
                }
            }

            yield return damaged;
        }
    }
}
