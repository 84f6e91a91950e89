using KextDev.Logs;

namespace KextDev.Tests.Logs;

public sealed class TestTimelineTests
{
    private readonly TestTimeline _timeline = new();

    [Fact]
    public void A_message_belongs_to_the_test_that_ran_when_it_was_logged_however_late_it_comes()
    {
        _timeline.At(5).ShouldBeNull();
        _timeline.Begin("first", 10);
        _timeline.Begin("second", 20);
        _timeline.Begin(test: null, 30);

        _timeline.At(9).ShouldBeNull();
        _timeline.At(10).ShouldBe("first");
        _timeline.At(19).ShouldBe("first");
        _timeline.At(20).ShouldBe("second");
        _timeline.At(30).ShouldBeNull();
        _timeline.Current.ShouldBeNull();
    }

    [Fact]
    public void Where_the_clock_does_not_tell_what_was_heard_last_ends_the_test_before()
    {
        _timeline.Begin("first", now: null);
        _timeline.At(100).ShouldBe("first");
        _timeline.Begin("second", now: null);

        _timeline.At(100).ShouldBe("first");
        _timeline.At(101).ShouldBe("second");
        _timeline.At(moment: null).ShouldBe("second");
    }

    [Fact]
    public void A_clock_that_is_set_back_gives_no_test_what_another_one_said()
    {
        _timeline.Begin("first", 1000);
        _timeline.Begin("second", 500);

        _timeline.At(700).ShouldBeNull();
        _timeline.At(1000).ShouldBe("second");
    }
}
