using System.Runtime.InteropServices;

namespace KextDev.Tests.MachO;

/// <summary>The last word on a link: the code runs and computes what its source says.</summary>
public sealed class RunningKextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private delegate int Binary(int left, int right);

    private delegate int Unary(int value);

    private delegate int Sum(IntPtr text, int count);

    private delegate int Start(IntPtr info, IntPtr data);

    public void Dispose() => _folder.Dispose();

    [LinuxX64Fact]
    public async Task Code_of_several_objects_calls_out_and_computes()
    {
        var kext = LinkedKext.Link(
            await Clang.KmodAsync(_folder),
            await Clang.CompileAsync(_folder, "one.c", """
                extern int kernel_add(int, int);
                extern int kernel_measure(const char *, int);
                extern int step(int);
                extern int total;
                extern int maybe(int) __attribute__((weak_import));
                extern const void *gOSKextUnresolved;
                const void **unresolved = &gOSKextUnresolved;
                static int (*const steps[])(int) = { step, step };
                static const char *const names[] = { "zero", "one", "three" };
                int run(int n)
                {
                    for (int i = 0; i < n; i++) total = kernel_add(total, steps[i & 1](i));
                    switch (n) {
                    case 1: return kernel_measure(names[1], 10);
                    case 2: return kernel_measure("four", 20);
                    case 3: return kernel_measure(names[2], 30);
                    case 4: return total;
                    case 5: return maybe ? 1 : -1;
                    case 6: total = 0x11223344; return total;
                    }
                    return 0;
                }
                """),
            await Clang.CompileAsync(_folder, "two.c", """
                int total;
                static int calls;
                static long wide[3] = { 1, 2, 1L << 40 };
                int *alias = &calls;
                int step(int n) { calls++; return n * 10 + *alias + (wide[2] >> 40); }
                """, "-O2"));
        using var running = RunningImage.Start(kext, new Dictionary<string, Delegate>(StringComparer.Ordinal)
        {
            ["_kernel_add"] = new Binary((left, right) => left + right),
            ["_kernel_measure"] = new Sum((text, extra) => Marshal.PtrToStringUTF8(text)!.Length + extra),
            ["_gOSKextUnresolved"] = new Unary(_ => 0),
        });

        var run = running.Function<Unary>("_run");

        running.Function<Start>("_start")(IntPtr.Zero, IntPtr.Zero).ShouldBe(0);
        run(1).ShouldBe(13);
        run(2).ShouldBe(24);
        run(3).ShouldBe(35);
        // Calls 1 to 10, each adding ten times its index, its number and one.
        run(4).ShouldBe((10 * (0 + 1 + 3 + 6)) + 55 + 10);
        run(5).ShouldBe(1);
        run(6).ShouldBe(0x11223344);
        running.Integer("_total").ShouldBe(0x11223344);
    }

    [LinuxX64Fact]
    public async Task Cpp_runs_its_initializers_and_virtual_functions()
    {
        var kext = LinkedKext.Link(await Clang.KmodAsync(_folder), await Clang.CompileAsync(_folder, "driver.cc", """
            struct Base { virtual int value(int n) { return n; } };
            volatile int seed = 40;
            struct Driver : Base { int state; Driver() : state(seed) {} int value(int n) override { return state += n; } };
            static Driver driver;
            Base plain;
            Base *volatile base = &driver;
            extern "C" int ask(int n) { return driver.state ? base->value(n) : plain.value(n); }
            """));
        using var running = RunningImage.Start(kext, new Dictionary<string, Delegate>(StringComparer.Ordinal));

        running.Function<Unary>("_ask")(2).ShouldBe(2);
        foreach (var initializer in running.Image.Initializers())
        {
            Marshal.GetDelegateForFunctionPointer<Action>((IntPtr)initializer)();
        }

        running.Function<Unary>("_ask")(2).ShouldBe(42);
        running.Function<Unary>("_ask")(8).ShouldBe(50);
    }
}
