using KextDev.Guests;
using KextDev.Provisioning;
using KextDev.Reports;
using Spectre.Console;

/// <summary>Prints what is known of guests.</summary>
internal static class GuestTable
{
    public static void Write(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table();
        foreach (var head in heads)
        {
            // What somebody copies must stay in one piece.
            table.AddColumn(head, column => column.NoWrap = head is "Guest" or "SSH");
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(cell => Markup.Escape(PrintableText.Of(cell)))]);
        }

        AnsiConsole.Write(table);
    }

    /// <summary>One guest: a line a fact, those that are unknown or do not apply left out.</summary>
    public static void Write(GuestDefinition definition, GuestDescription description)
    {
        var condition = description.Condition;
        (string Name, string? Value)[] facts =
        [
            ("Guest", definition.Name),
            ("Driver", GuestWords.Driver(definition)),
            ("State", GuestWords.State(condition)),
            ("Address", condition.Endpoint is { } endpoint ? $"{endpoint.User}@{GuestWords.Address(endpoint)}" : null),
            ("Snapshots", description.Snapshots is not { } snapshots ? "this driver has none" : snapshots.Count > 0 ? string.Join(", ", snapshots) : "none"),
            ("Goes on from", condition.Snapshot),
            ("System", description.System?.System),
            ("SIP", description.System?.SystemIntegrityProtection),
            ("Boot arguments", description.System is { } system ? Or(system.BootArguments, "none") : null),
            ("Extensions", description.System is { } loaded ? Or(string.Join(", ", loaded.Extensions), "none") : null),
        ];
        foreach (var (name, value) in facts)
        {
            if (value is not null)
            {
                Console.WriteLine($"{name + ":",-16}{PrintableText.Of(value)}");
            }
        }
    }

    private static string Or(string text, string otherwise) => text.Length > 0 ? text : otherwise;
}
