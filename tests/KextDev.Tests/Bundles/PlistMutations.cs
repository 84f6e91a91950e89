using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

/// <summary>
/// Damages a sound list in ways that a seed fixes. Each must give a value or a finding; what XML can hold is written and read back.
/// </summary>
internal static class PlistMutations
{
    public static void Survive(byte[] sound)
    {
        PlistReader.Read(sound, "a").Findings.ShouldBeEmpty();
        for (var length = 0; length < sound.Length; length++)
        {
            Check(sound[..length]);
        }

        var random = new Random(20240229);
        for (var round = 0; round < 20_000; round++)
        {
            var damaged = sound.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(damaged.Length);
                damaged[at] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)(damaged[at] ^ (1 << random.Next(8))),
                    _ => sound[random.Next(sound.Length)],
                };
            }

            Check(damaged);
        }
    }

    private static void Check(byte[] damaged)
    {
        var reading = PlistReader.Read(damaged, "a");
        if (reading.Value is null)
        {
            reading.Findings.ShouldHaveSingleItem().Code.ShouldMatch(@"\APL1\d\d\d\z");
            return;
        }

        string xml;
        try
        {
            xml = PlistWriter.WriteXml(reading.Value);
        }
        catch (ArgumentException)
        {
            // Binary lists hold what XML cannot.
            damaged.AsSpan().StartsWith("bplist"u8).ShouldBeTrue();
            return;
        }

        var again = PlistReader.Read(System.Text.Encoding.UTF8.GetBytes(xml), "b");
        again.Findings.ShouldBeEmpty();
        PlistWriter.WriteXml(again.Value!).ShouldBe(xml);
    }
}
