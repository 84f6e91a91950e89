namespace KextDev.Debuggers.Linux;

/// <summary>
/// Where one function saved those registers that its caller finds as they were, rbp aside. The kernel's tables do not tell; the function's pushes do, and each of
/// them moves the stack by a word, which the tables do tell.
/// </summary>
internal sealed class SavedRegisters
{
    private const int Word = 8;
    private const int Rbx = 3;
    private const byte PushRbx = 0x53, ExtendedPrefix = 0x41, PushR12 = 0x54, PushR15 = 0x57;

    private readonly Dictionary<int, int> _words = [];
    private readonly bool _isWhole;

    /// <param name="rows">The function's.</param>
    /// <param name="code">What lies at an address, so many bytes.</param>
    public SavedRegisters(IReadOnlyList<OrcRow> rows, Func<ulong, int, ReadOnlyMemory<byte>> code)
    {
        // A part of a function that lies elsewhere does not push what it finds pushed.
        _isWhole = rows[0] is { Kind: OrcKind.Call, Stack: OrcBase.Rsp, StackOffset: Word };
        for (var index = 1; _isWhole && index < rows.Count; index++)
        {
            var (before, after) = (rows[index - 1], rows[index]);
            if (after is { Kind: OrcKind.Call, Stack: OrcBase.Rsp } && before is { Kind: OrcKind.Call, Stack: OrcBase.Rsp } && after.StackOffset == before.StackOffset + Word
                && PushedBy(code(Math.Max(after.Address - 2, rows[0].Address), (int)Math.Min(2, after.Address - rows[0].Address)).Span) is { } register)
            {
                _words.TryAdd(register, after.StackOffset / Word);
            }
        }
    }

    /// <summary>Whether a function leaves the register to its caller as it was, rbp aside.</summary>
    public static bool IsKept(int register) => register is Rbx or (>= 12 and <= 15);

    /// <returns>How many words below the caller's stack pointer it lies; 0 where it is in the register still; null where nobody knows.</returns>
    public int? Of(int register, OrcRow row) =>
        !_isWhole ? null
        : !_words.TryGetValue(register, out var words) ? 0
        : row.Stack != OrcBase.Rsp || words * Word <= row.StackOffset ? words
        : 0;

    private static int? PushedBy(ReadOnlySpan<byte> before) => before switch
    {
        [ExtendedPrefix, >= PushR12 and <= PushR15] => 12 + before[1] - PushR12,
        [PushRbx] or [not ExtendedPrefix, PushRbx] => Rbx,
        _ => null,
    };
}
