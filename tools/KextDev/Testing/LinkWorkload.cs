using System.Globalization;
using System.Text;
using KextDev.MachO;
using KextDev.Processes;

namespace KextDev.Testing;

/// <summary>
/// Many objects of compiled code that call each other and the kernel, made quickly: one is compiled, the others are that one with other names in
/// their string tables.
/// </summary>
internal static class LinkWorkload
{
    private const int Functions = 32;

    // Names of one length, so that they replace each other in place.
    private const string Own = "unit_own_";
    private static readonly string[] Neighbours = ["unit_nb0_", "unit_nb1_", "unit_nb2_", "unit_nb3_"];

    /// <summary>Writes the objects, 25 KB each, and one with kmod_info.</summary>
    /// <returns>Their paths.</returns>
    public static async Task<IReadOnlyList<string>> WriteAsync(string folder, int count, CancellationToken cancellationToken)
    {
        var kmod = await CompileAsync(folder, "kmod", "char kmod_info[196] = { 1 };", cancellationToken);
        var template = await CompileAsync(folder, "template", Source(), cancellationToken);
        var reading = MachOReader.Read(await File.ReadAllBytesAsync(template, cancellationToken), template);
        var file = reading.File ?? throw new InfrastructureException($"The compiler's object cannot be read: {reading.Diagnostics[0]}");
        var paths = new List<string> { kmod };
        for (var index = 0; index < count; index++)
        {
            var path = Path.Combine(folder, $"unit{index}.o");
            var renamed = file with { StringTable = Renamed(file.StringTable, index, count) };
            await File.WriteAllBytesAsync(path, MachOWriter.Write(renamed), cancellationToken);
            paths.Add(path);
        }

        return paths;
    }

    private static byte[] Renamed(ReadOnlyMemory<byte> names, int index, int count)
    {
        var renamed = names.ToArray();
        Replace(renamed, Own, index);
        for (var neighbour = 0; neighbour < Neighbours.Length; neighbour++)
        {
            Replace(renamed, Neighbours[neighbour], ((index * 7) + (neighbour * 13) + 1) % count);
        }

        return renamed;
    }

    private static void Replace(Span<byte> names, string name, int unit)
    {
        var from = Encoding.ASCII.GetBytes(name);
        var to = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"unit{unit:00000}"));
        for (var left = names; left.IndexOf(from) is >= 0 and var at; left = left[(at + to.Length)..])
        {
            to.CopyTo(left[at..]);
        }
    }

    private static async Task<string> CompileAsync(string folder, string name, string source, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, $"{name}.c");
        await File.WriteAllTextAsync(path, source, cancellationToken);
        var output = Path.ChangeExtension(path, ".o");
        await new HostCommand("clang-14", "-target", "x86_64-apple-macosx10.13", "-mkernel", "-fno-builtin", "-nostdinc", "-O1", "-c", path, "-o", output)
            .RunAsync(cancellationToken);
        return output;
    }

    // Calls within the object, to other objects and to the kernel; data of all kinds; tables of pointers.
    private static string Source()
    {
        var source = new StringBuilder();
        for (var index = 0; index < Functions; index++)
        {
            var other = $"{Neighbours[index % Neighbours.Length]}f{index}";
            source.AppendLine(CultureInfo.InvariantCulture, $$"""
                extern int {{other}}(int, const char *);
                extern int kernel_{{index % 20}}(const char *, int, int);
                static int {{Own}}state{{index}}[16];
                const char *{{Own}}name{{index}} = "name {{index}}";
                int {{Own}}count{{index}};
                static int {{Own}}help{{index}}(int a, int b)
                {
                    for (int n = 0; n < a; n++) { {{Own}}state{{index}}[n & 15] += b * n; {{Own}}count{{index}}++; }
                    return kernel_{{index % 20}}("help {{index}}", a, b);
                }
                int {{Own}}f{{index}}(int a, const char *text)
                {
                    int sum = {{Own}}help{{index}}(a, {{index}});
                    switch (a & 7) {
                    case 0: sum += {{other}}(a - 1, {{Own}}name{{index}}); break;
                    case 1: sum ^= kernel_{{index % 20}}(text, a, sum); break;
                    case 2: sum *= {{Own}}count{{index}} + 3; break;
                    case 3: sum -= {{Own}}help{{index}}(sum, 7); break;
                    case 4: {{Own}}state{{index}}[a & 15] = sum; break;
                    default: sum += {{Own}}count{{index}}++;
                    }
                    return sum + {{Own}}state{{index}}[sum & 15];
                }
                int (*{{Own}}table{{index}}[])(int, const char *) = { {{Own}}f{{index}}, {{other}} };
                """);
        }

        return source.ToString();
    }
}
