namespace Packages.Tests.Nuke;

public sealed class AssertTests
{
    [Fact]
    public void Fail_throws_the_message_with_its_cause()
    {
        var cause = new InvalidOperationException("cause");
        var exception = Should.Throw<Exception>(() => global::Nuke.Common.Assert.Fail("broken", cause));
        exception.Message.ShouldBe("broken");
        exception.InnerException.ShouldBe(cause);
    }

    [Fact]
    public void True_throws_the_message_or_the_expression()
    {
        var isReady = false;
        Should.Throw<ArgumentException>(() => global::Nuke.Common.Assert.True(isReady, "not yet")).Message.ShouldBe("not yet");
        Should.Throw<ArgumentException>(() => global::Nuke.Common.Assert.True(isReady)).Message.ShouldContain(nameof(isReady));
        global::Nuke.Common.Assert.True(!isReady);
    }

    [Fact]
    public void NotNull_returns_what_it_was_given()
    {
        global::Nuke.Common.Assert.NotNull("text").ShouldBe("text");
        Should.Throw<ArgumentException>(() => global::Nuke.Common.Assert.NotNull((string?)null, "missing")).Message.ShouldBe("missing");
    }
}
