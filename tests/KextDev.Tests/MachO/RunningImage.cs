using System.Runtime.InteropServices;

namespace KextDev.Tests.MachO;

/// <summary>
/// A linked kext in this process's own memory, relocated to where it lies: the code that the compiler made for a kernel runs, as x86_64 Linux
/// calls functions as macOS does. Calls out of the kext land in functions of the test.
/// </summary>
internal sealed class RunningImage : IDisposable
{
    private const int PageSize = 4096;
    private const int ReadWrite = 3;
    private const int ReadWriteExecute = 7;
    private const int PrivateAnonymous = 0x22;

    // movabs $target, %rax; jmp *%rax
    private const int ThunkSize = 16;

    private readonly IntPtr _memory;
    private readonly nuint _size;
    private readonly IReadOnlyDictionary<string, Delegate> _functions;

    private RunningImage(IntPtr memory, nuint size, LoadedImage image, IReadOnlyDictionary<string, Delegate> functions) =>
        (_memory, _size, Image, _functions) = (memory, size, image, functions);

    public LoadedImage Image { get; }

    /// <param name="functions">What the kext imports, by symbol: kept alive with the image.</param>
    public static RunningImage Start(byte[] kext, IReadOnlyDictionary<string, Delegate> functions)
    {
        // Thunks in the page before the image: a call reaches 2 GiB, this process's functions lie anywhere.
        var size = (nuint)(PageSize + LinkedKext.Read(kext).Segments.Sum(segment => (long)segment.VirtualSize));
        var memory = Map(IntPtr.Zero, size, ReadWrite, PrivateAnonymous, -1, 0);
        memory.ShouldNotBe(new IntPtr(-1));
        var kernel = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var (name, function) in functions)
        {
            var thunk = memory + (kernel.Count * ThunkSize);
            kernel.Add(name, (ulong)thunk);
            byte[] code = [0x48, 0xB8, .. BitConverter.GetBytes(Marshal.GetFunctionPointerForDelegate(function)), 0xFF, 0xE0];
            Marshal.Copy(code, 0, thunk, code.Length);
        }

        var image = LoadedImage.Load(kext, (ulong)(memory + PageSize), kernel);
        Marshal.Copy(image.Bytes, 0, memory + PageSize, image.Bytes.Length);
        Protect(memory, size, ReadWriteExecute).ShouldBe(0);
        return new RunningImage(memory, size, image, functions);
    }

    public T Function<T>(string symbol)
        where T : Delegate =>
        Marshal.GetDelegateForFunctionPointer<T>((IntPtr)Image.AddressOf(symbol));

    /// <summary>The 32-bit variable as it is now.</summary>
    public int Integer(string symbol) => Marshal.ReadInt32((IntPtr)Image.AddressOf(symbol));

    public void Dispose()
    {
        Unmap(_memory, _size).ShouldBe(0);
        GC.KeepAlive(_functions);
    }

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr Map(IntPtr address, nuint size, int protection, int flags, int file, long offset);

    [DllImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Protect(IntPtr address, nuint size, int protection);

    [DllImport("libc", EntryPoint = "munmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unmap(IntPtr address, nuint size);
}
