using KextDev.Projects;

namespace KextDev.BuildTests;

public sealed class TypedRunTests
{
    [Theory]
    [InlineData("./build.sh KernelTest", "./build.sh KernelTest --platform linux")]
    [InlineData("./build.sh KernelTest", "./build.sh KernelTest --platform linux", "KernelTest")]
    [InlineData("./build.sh KernelTest --project 'my kext' --tests 'ring_*' bad", "./build.sh KernelTest --project 'my kext' --platform linux", "KernelTest", "--project", "my kext", "--tests", "ring_*", "bad")]
    [InlineData("./build.sh KernelTest --Guest debian --retries 3 --leak-cycles 0", "./build.sh KernelTest --Guest debian", "--Guest", "debian", "--retries", "3", "--leak-cycles", "0")]
    [InlineData("./build.sh KernelTest --test-plan full --until-failure --platform all", "./build.sh KernelTest --test-plan full --platform linux", "KernelTest", "--test-plan", "full", "--until-failure", "--platform", "all")]
    public void A_run_and_one_guests_part_of_it_are_typed_again(string whole, string narrow, params string[] arguments)
    {
        var command = TypedRun.Read(arguments);

        command.Whole.ShouldBe(whole);
        command.Of(GuestPlatform.Linux).ShouldBe(narrow);
    }
}
