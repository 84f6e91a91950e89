using System.Globalization;
using System.Text;
using KextDev.Platforms;

namespace KextDev.Testing;

/// <summary>What a kernel held at moments with as many cycles of loading and unloading between any two. A leak grows from each to the next; noise goes up and down.</summary>
/// <param name="cycles">Between two measurements.</param>
public sealed class LeakSeries(int cycles)
{
    // Growth of so many times the noise needs no second look.
    private const int Certain = 8;

    // Who holds less than this part of all that grew is not worth a line.
    private const int SmallestPart = 8;
    private const int MostOwners = 3;
    private const long Kibi = 1024;

    private readonly List<KernelHoldings> _measured = [];

    /// <summary>Between two measurements.</summary>
    public int Cycles => cycles;

    public int Count => _measured.Count;

    /// <summary>Whether something has grown, and more than noise does, from each measurement to the next.</summary>
    public bool IsGrowing => Growing().Any();

    /// <summary>Whether that is beyond doubt.</summary>
    public bool IsCertain => Growing().Any(one => Steps(one.Name).All(step => step >= Certain * Threshold(one)));

    public void Add(KernelHoldings measured) => _measured.Add(measured);

    /// <summary>What grows, a line each.</summary>
    public string DescribeGrowth() => string.Join('\n', Growing().Select(Describe).Concat(DescribeOwners()));

    /// <summary>All figures: a row for each thing, a column for each measurement.</summary>
    public string Describe()
    {
        var text = new StringBuilder($"What the kernel held after each {cycles} cycles of loading and unloading.\n\n");
        foreach (var one in Common())
        {
            text.Append(CultureInfo.InvariantCulture, $"{$"{one.Name}{(one.Unit.Length > 0 ? $" ({one.Unit})" : "")}",-32}")
                .AppendJoin("", _measured.Select(measured => Number(Amount(measured, one.Name)).PadLeft(12))).Append('\n');
        }

        return text.ToString();
    }

    // What a system tells at one time and not at another says nothing.
    private IEnumerable<Holding> Common() => _measured.Count == 0
        ? []
        : _measured[0].Kinds.Where(one => _measured.TrueForAll(measured => measured.Kinds.Any(other => other.Name == one.Name)));

    private IEnumerable<Holding> Growing() => _measured.Count < 2 ? [] : Common().Where(one => Steps(one.Name).All(step => step >= Threshold(one)));

    // What is counted must be left behind by each cycle.
    private long Threshold(Holding one) => one.Unit.Length > 0 ? one.Noise : Math.Max(one.Noise, cycles);

    private IEnumerable<long> Steps(string name) =>
        _measured.Zip(_measured.Skip(1), (before, after) => Amount(after, name) - Amount(before, name));

    private static long Amount(KernelHoldings measured, string name) => measured.Kinds.First(one => one.Name == name).Amount;

    private string Describe(Holding one)
    {
        var unit = one.Unit.Length > 0 ? $" {one.Unit}" : "";
        var last = Amount(_measured[^1], one.Name);
        var all = cycles * (_measured.Count - 1);
        var steps = string.Join(", ", Steps(one.Name).Select(step => $"+{Number(step)}"));
        return $"{one.Name}: {Number(one.Amount)}{unit} before, {Number(last)}{unit} after {all} cycles, which is "
            + $"{((double)(last - one.Amount) / all).ToString("#,0.#", CultureInfo.InvariantCulture)}{unit} a cycle ({steps} for each {cycles})";
    }

    private IEnumerable<string> DescribeOwners()
    {
        var (before, after) = (_measured[0].Owners, _measured[^1].Owners);
        var grown = Growing().Where(one => one.Unit.Length > 0).Sum(one => Kibi * (Amount(_measured[^1], one.Name) - one.Amount));
        return after.Select(owner => (Name: owner.Key, Growth: owner.Value - before.GetValueOrDefault(owner.Key)))
            .Where(owner => owner.Growth >= Math.Max(cycles, grown / SmallestPart))
            .OrderByDescending(owner => owner.Growth).ThenBy(owner => owner.Name, StringComparer.Ordinal)
            .Take(MostOwners)
            .Select(owner => $"  {owner.Name}: +{Number(owner.Growth)} bytes");
    }

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
