using System.Globalization;
using System.Text;
using KextDev.Debuggers.Gdb;
using KextDev.Debuggers.Linux;

namespace KextDev.Testing;

/// <summary>Where a halted processor is, for people.</summary>
/// <param name="returns">Of the calls that led there, innermost first.</param>
internal sealed class ProcessorPlace(X86Processor processor, IReadOnlyList<ulong> returns, FunctionNames names)
{
    private const int RegistersInLine = 4;

    /// <summary>"Processor 0 is in sample_spin+0x5 [sample], with interrupts off."</summary>
    public string Sentence
    {
        get
        {
            var where = processor.RunsProgram
                ? string.Create(CultureInfo.InvariantCulture, $"runs a program, at 0x{processor.Instruction:x}")
                : $"is in {names.Describe(processor.Instruction)}{Caller}";
            return string.Create(CultureInfo.InvariantCulture, $"Processor {processor.Number} {where}{(processor.TakesInterrupts ? "" : ", with interrupts off")}.");
        }
    }

    // The extension's innermost function, where the processor is in one of the kernel's that it called.
    private string Caller =>
        names.Find(processor.Instruction) is { Module: not null }
            ? ""
            : returns.Where(address => names.Find(address) is { Module: not null }).Select(address => $", called from {names.Describe(address)}").FirstOrDefault() ?? "";

    /// <summary>Registers and calls, for a file.</summary>
    public void Describe(StringBuilder text)
    {
        text.Append(Sentence).Append('\n');
        foreach (var line in processor.Registers.Chunk(RegistersInLine))
        {
            text.Append("  ").AppendJoin("  ", line.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key,-9} {one.Value:x16}"))).Append('\n');
        }

        if (returns.Count > 0)
        {
            text.Append("  Called from, innermost first; some of these calls may be over:\n");
        }

        foreach (var address in returns)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {address:x16} {names.Describe(address)}\n");
        }

        text.Append('\n');
    }
}
