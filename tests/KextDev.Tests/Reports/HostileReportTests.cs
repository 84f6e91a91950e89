using System.Xml.Linq;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using KextDev.Events;
using KextDev.Reports;
using Spectre.Console;

namespace KextDev.Tests.Reports;

/// <summary>What a guest prints stays text in every report, and none grows without bounds.</summary>
public sealed class HostileReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_page_has_no_element_and_no_attribute_that_is_not_ours()
    {
        Directory.CreateDirectory(_folder.Combine("logs"));
        _folder.Write("logs/</a><script>alert(1)<\u202Escript>.txt", "x");
        _folder.Write("javascript:alert(1)", "x");
        var page = await ReadPageAsync();

        page.All.Select(element => element.LocalName).Distinct().Except(
        [
            "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "article", "div", "span", "p", "h1", "h2", "h3", "h4", "small", "strong", "b", "time", "code", "pre",
            "a", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "svg", "rect", "path", "title",
        ]).ShouldBeEmpty();
        page.All.SelectMany(element => element.Attributes).Select(attribute => attribute.Name).Distinct().Except(
        [
            "lang", "charset", "http-equiv", "name", "content", "class", "id", "href", "open", "scope", "datetime", "viewBox", "preserveAspectRatio", "aria-hidden", "d", "x", "width", "height",
        ]).ShouldBeEmpty();
        page.Descendants().ShouldNotContain(node => node.NodeType == NodeType.Comment);
        page.Body!.TextContent.ShouldContain("<script>alert(1)</script>");
        page.Title!.ShouldContain("<script>alert(1)</script>");
        page.QuerySelectorAll("style").Length.ShouldBe(1);
        page.QuerySelectorAll("[class]").SelectMany(element => element.ClassList).ShouldAllBe(name => name.All(c => char.IsAsciiLetterLower(c) || c == '-'));
    }

    [Fact]
    public async Task A_page_links_to_its_own_parts_and_to_files_of_its_folder_alone()
    {
        _folder.Write("javascript:alert(1)", "x");
        _folder.Write("a #1?%2e&\"'.txt", "x");
        var page = await ReadPageAsync();

        var links = page.QuerySelectorAll("a").Select(link => link.GetAttribute("href")!).ToList();
        links.ShouldContain("javascript%3Aalert%281%29");
        foreach (var link in links)
        {
            if (link.StartsWith('#'))
            {
                page.GetElementById(link[1..]).ShouldNotBeNull(link);
                continue;
            }

            var address = new Uri(new Uri("file:///run/"), link);
            address.Fragment.ShouldBeEmpty();
            address.Query.ShouldBeEmpty();
            address.AbsoluteUri.ShouldStartWith("file:///run/");
        }
    }

    [Fact]
    public async Task No_report_has_a_character_that_a_reader_cannot_see()
    {
        var page = await ReadPageAsync();

        ShouldBePrintable(page.DocumentElement.OuterHtml);
        ShouldBePrintable(Junit().ToString());
        ShouldBePrintable(Trx().ToString());
        ShouldBePrintable(Shown());
        page.Body!.TextContent.ShouldContain("\\x1b[2J");
        page.Body.TextContent.ShouldContain("\\x202ereversed");
    }

    [Fact]
    public void No_element_of_the_XML_reports_is_a_guests()
    {
        string[] elements = ["testsuites", "testsuite", "testcase", "properties", "property", "failure", "error", "flakyFailure", "rerunFailure", "system-out"];
        Junit().Descendants().Select(element => element.Name.LocalName).Distinct().Except(elements).ShouldBeEmpty();
        Junit().Descendants("failure").First().Attribute("message")!.Value.ShouldContain("<script>alert(1)</script>");
        Junit().DescendantNodes().ShouldNotContain(node => node.NodeType == System.Xml.XmlNodeType.Comment || node.NodeType == System.Xml.XmlNodeType.CDATA);
        Trx().Descendants().Select(element => element.Name.NamespaceName).Distinct().ShouldHaveSingleItem();
        Trx().Descendants().ShouldNotContain(element => element.Name.LocalName == "script" || element.Name.LocalName == "img" || element.Name.LocalName == "b");
    }

    [Fact]
    public void A_crash_is_written_whatever_its_text_is()
    {
        Tell(new CrashReport(_folder.Combine("crash")));

        File.ReadAllText(_folder.Combine("crash/1.txt")).ShouldContain("<script>alert(1)</script>");
        Directory.GetFiles(_folder.Combine("crash")).Length.ShouldBe(3);
    }

    [Fact]
    public async Task The_size_of_a_report_has_bounds()
    {
        // One line of 1 MiB comes in some ten places.
        var page = await WritePageAsync();
        new FileInfo(page).Length.ShouldBeLessThan(8 * 1024 * 1024);
        Junit();
        new FileInfo(_folder.Combine("junit.xml")).Length.ShouldBeLessThan(4 * 1024 * 1024);
        Trx();
        new FileInfo(_folder.Combine("results.trx")).Length.ShouldBeLessThan(4 * 1024 * 1024);
    }

    private static void ShouldBePrintable(string text)
    {
        text.Where(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')).ShouldBeEmpty();
        text.Where(c => c is (>= '\u200B' and <= '\u200F') or '\u061C' or '\uFEFF' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069')).ShouldBeEmpty();
        text.ShouldNotContain("::error");
        text.ShouldNotContain("##[error]");
    }

    private async Task<IDocument> ReadPageAsync() => await new HtmlParser().ParseDocumentAsync(await File.ReadAllTextAsync(await WritePageAsync()));

    private async Task<string> WritePageAsync()
    {
        var path = _folder.Combine("report.html");
        await using var report = new HtmlReport(path);
        Tell(report);
        return path;
    }

    private XDocument Junit()
    {
        var path = _folder.Combine("junit.xml");
        Tell(new JUnitReport(path));
        return XDocument.Load(path);
    }

    private XDocument Trx()
    {
        var path = _folder.Combine("results.trx");
        Tell(new TrxReport(path));
        return XDocument.Load(path);
    }

    private string Shown()
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 120;

        // A compiler is no guest: its lines are shown as they are.
        Tell(new ConsoleReport(console), HostileRun.Tell(_folder.Path).Where(told => told is not CompilerPrinted));
        return text.ToString();
    }

    private void Tell(IRunReport report) => Tell(report, HostileRun.Tell(_folder.Path));

    private static void Tell(IRunReport report, IEnumerable<RunEvent> events)
    {
        foreach (var told in events)
        {
            report.Receive(told);
        }
    }
}
