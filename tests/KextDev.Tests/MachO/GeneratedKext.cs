using System.Text;
using KextDev.MachO;

namespace KextDev.Tests.MachO;

/// <summary>Source text with every kind of reference that a compiler makes in kernel mode, of as many functions and files as asked for.</summary>
internal static class GeneratedKext
{
    private const int KernelFunctions = 12;

    public static IReadOnlyDictionary<string, ulong> Kernel(ulong address)
    {
        var kernel = new Dictionary<string, ulong>(StringComparer.Ordinal) { ["_gOSKextUnresolved"] = address, ["_weak_kernel"] = address + 8 };
        for (var index = 0; index < KernelFunctions; index++)
        {
            kernel.Add($"_kernel_{index}", address + 0x100 + (ulong)(index * 0x40));
            kernel.Add($"_kernel_data_{index}", address + 0x8000 + (ulong)(index * 0x100));
        }

        return kernel;
    }

    /// <summary>Functions are numbered through all files.</summary>
    public static async Task<LinkInput[]> CompileAsync(TemporaryFolder folder, int files, int functions)
    {
        var inputs = new LinkInput[files];
        await Parallel.ForAsync(0, files, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (file, _) =>
        {
            string[] options = (file % 4) switch
            {
                0 => ["-O2"],
                1 => ["-O0"],
                2 => ["-O1", "-fcommon"],
                _ => ["-Os", "-ffunction-sections"],
            };
            inputs[file] = await Clang.CompileAsync(folder, $"file{file}.c", Source(file, files, functions), options);
        });
        return inputs;
    }

    private static string Source(int file, int files, int functions)
    {
        var source = new StringBuilder();
        source.AppendLine($$"""
            extern int weak_kernel(int) __attribute__((weak_import));
            extern const void *gOSKextUnresolved;
            const void **unresolved_{{file}} = &gOSKextUnresolved;
            extern int hidden_{{(file + 1) % files}} __attribute__((visibility("hidden")));
            int hidden_{{file}} __attribute__((visibility("hidden"))) = {{file}};
            volatile short half_{{file}};
            volatile int whole_{{file}};
            static char bytes_{{file}}[{{100 + (file * 3)}}];
            int tentative[{{file + 1}}] __attribute__((common));
            __attribute__((weak)) int shared(int n) { return n * {{file}}; }
            __asm__(".data\n.p2align 3\n_distance_{{file}}: .quad _anchor_b_{{file}} - _anchor_a_{{file}}\n.long _anchor_a_{{file}} - _anchor_b_{{file}} + 4\n"
                    ".long 0\n_anchor_a_{{file}}: .long 1\n.const_data\n_anchor_b_{{file}}: .long 2\n.text\n");
            """);
        for (var function = file; function < functions; function += files)
        {
            var next = (function + 7) % functions;
            var call = function % KernelFunctions;
            source.AppendLine($$"""
                extern int f{{next}}(int, const char *);
                extern int kernel_{{call}}(const char *, int);
                extern int kernel_data_{{call}}[4];
                static struct { char flag; short small; int large; long wide; } state_{{function}};
                int public_{{function}} = {{function}};
                static const char *const words_{{function}}[] = { "zero {{function}}", "one", "two {{function % 5}}", "three" };
                int *inside_{{function}} = kernel_data_{{call}} + 3;
                long *wide_{{function}} = &state_{{function}}.wide;
                int f{{function}}(int n, const char *text)
                {
                    state_{{function}}.flag = 1; state_{{function}}.small = 2; state_{{function}}.large = 0x12345678;
                    half_{{file}} = 300; whole_{{file}} = 0x7654321;
                    bytes_{{file}}[{{function % 90}}] = 7;
                    if (state_{{function}}.wide == 99) return kernel_data_{{call}}[n & 3];
                    if (weak_kernel) n += weak_kernel(n);
                    switch (n) {
                    case 0: return f{{next}}(n, "next {{function}}");
                    case 1: return kernel_{{call}}(words_{{function}}[n & 3], n);
                    case 2: return hidden_{{(file + 1) % files}} + hidden_{{file}};
                    case 3: return shared(public_{{function}});
                    case 4: return tentative[0]++;
                    case 5: return kernel_{{call}}("call {{function}}", public_{{function}}++);
                    }
                    return n;
                }
                int (*pointer_{{function}}[])(int, const char *) = { f{{function}}, f{{next}} };
                """);
        }

        return source.ToString();
    }
}
