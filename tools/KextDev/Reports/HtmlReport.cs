using KextDev.Events;
using KextDev.Reports.Html;

namespace KextDev.Reports;

/// <summary>report.html: the whole run on one page, for people. Also a run that breaks off leaves it.</summary>
public sealed class HtmlReport(string path) : IRunReport
{
    private readonly RunRecord _record = new();

    public void Receive(RunEvent runEvent)
    {
        _record.Receive(runEvent);
        if (runEvent is RunEnded)
        {
            Write();
        }
    }

    public ValueTask DisposeAsync()
    {
        if (_record is { Started: not null, Ended: null })
        {
            Write();
        }

        return ValueTask.CompletedTask;
    }

    private void Write()
    {
        if (_record.Started is { } started)
        {
            ReportDocument.WriteHtml(new RunPage(_record, started).Document(), path);
        }
    }
}
