namespace KextDev.GuestTests.Faults;

/// <summary>What a module does to its kernel.</summary>
internal static class KernelFaults
{
    private const string NullPointer = "NULL pointer dereference in faults_write_nowhere [faults]";

    public static IReadOnlyList<Scenario> All =>
    [
        new(["panic_in_init"], Fault.OfRun("the module panics in its init", "panicked", NullPointer)),
        new(
            ["sleep_in_atomic", "deadlock", "panic_in_timer", "panic_in_work", "oops_that_does_not_stop", "interrupts_off", "interrupts_off_everywhere", "sleep_in_atomic_unprinted", "pass"],
            Fault.OfTest("it sleeps while atomic", "sleep_in_atomic", "failed", "The kernel complained: BUG: scheduling while atomic in ", " [faults]"),
            Fault.OfTest("two of its threads deadlock", "deadlock", "timedOut", "the kernel still answers", "INFO: task hung in faults_", " [faults]"),
            Fault.OfTest("it panics in a timer", "panic_in_timer", "panicked", NullPointer),
            Fault.OfTest("it reaches BUG() in a work item", "panic_in_work", "panicked", "kernel BUG in faults_in_work [faults]"),
            Fault.OfTest("it oopses, and the kernel goes on", "oops_that_does_not_stop", "panicked", NullPointer),
            Fault.OfTest("one processor loops with interrupts off", "interrupts_off", "panicked", "stall"),
            Fault.OfTest("all processors loop with interrupts off", "interrupts_off_everywhere", "hung", "the kernel did not answer"),
            Fault.OfTest("it sleeps while atomic, and the console is told nothing", "sleep_in_atomic_unprinted", "failed", "The kernel complained: BUG: scheduling while atomic in ", " [faults]"),
            Fault.OfTest("the rest of the plan after all these kernels", "pass", "passed")),
        new(
            ["panic_in_exit"],
            Fault.OfRun("the module panics in its exit", "panicked", NullPointer).With(run => $"the test before {run.Test("panic_in_exit").Verdict}")),
    ];
}
