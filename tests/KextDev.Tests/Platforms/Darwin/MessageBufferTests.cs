using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class MessageBufferTests
{
    [Theory]
    [InlineData("", "a b", "a b")]
    [InlineData("a b c", "a b c", "")]
    [InlineData("a b c", "a b c d e", "d e")]
    [InlineData("a b c", "b c d", "d")] // its first line was dropped since
    [InlineData("a b c", "~ c d", "d")] // and the one after it was cut
    [InlineData("a b a b", "a b a b a b", "a b")] // the same lines again
    [InlineData("a b c", "x y z", "x y z")] // the ring has turned
    [InlineData("a b c", "", "")]
    public void Tells_what_a_later_reading_has_beyond_an_earlier_one(string before, string now, string since) =>
        MessageBuffer.Since(Lines(before), Lines(now)).ShouldBe(Lines(since));

    private static string[] Lines(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
