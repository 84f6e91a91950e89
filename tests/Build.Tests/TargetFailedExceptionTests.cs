namespace KextDev.BuildTests;

public sealed class TargetFailedExceptionTests
{
    [Fact]
    public void What_a_guest_said_cannot_move_the_terminals_cursor()
    {
        var exception = new TargetFailedException("The kernel refused:\n\u001b[2Jnothing to see");

        exception.Message.ShouldBe("The kernel refused:\n\\x1b[2Jnothing to see");
        exception.ToString().ShouldBe(exception.Message);
    }
}
