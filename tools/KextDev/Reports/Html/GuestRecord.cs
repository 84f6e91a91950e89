using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>What a run has told of one guest, in the order in which it came.</summary>
internal sealed class GuestRecord(string guest)
{
    // The first error matters most, and the last lines sum up.
    private const int MostFirstLines = 200;
    private const int MostLastLines = 100;

    private readonly List<Passage> _stages = [];
    private readonly List<Passage> _tests = [];
    private readonly List<string> _compiler = [];
    private readonly Passage _between = new("between the tests");
    private Passage? _stage;
    private Passage? _test;

    public string Guest => guest;

    /// <summary>In its own words; null where it was not asked.</summary>
    public string? System { get; private set; }

    /// <summary>Those that ended, and the one that is under way; the same ones again for each start of the guest.</summary>
    public IReadOnlyList<Passage> Stages => _stages;

    /// <summary>Each time that a test ran, tries included.</summary>
    public IReadOnlyList<Passage> Tests => _tests;

    /// <summary>The test that had begun and did not end.</summary>
    public Passage? Unfinished => _test;

    /// <summary>What came while no test ran and no stage but the tests' own was under way.</summary>
    public Passage Between => _between;

    /// <summary>What compilers printed: the first lines and the last.</summary>
    public IReadOnlyList<string> Compiler => _compiler;

    /// <summary>Null while it is not known.</summary>
    public SuiteResult? Result { get; private set; }

    /// <summary>What each test came to by now.</summary>
    public IReadOnlyList<TestResult> Results => Result?.Tests ?? [.. _tests.Select(test => test.Result).OfType<TestResult>()];

    public void Receive(RunEvent told)
    {
        switch (told)
        {
            case SuiteEnded suite:
                Result = suite.Result;
                break;
            case GuestDescribed described:
                System = described.System;
                break;
            case StageStarted { Stage: not Stage.Stress } stage:
                _stages.Add(_stage = new Passage(Wording.Of(stage.Stage)));
                break;
            case StageEnded { Stage: Stage.Stress } stage:
                _stages.Add(new Passage(Wording.Of(stage.Stage)) { Stage = stage });
                break;
            case StageEnded stage when _stage is not null:
                _stage.Stage = stage;
                _stage = null;
                break;
            case TestStarted test:
                _tests.Add(_test = new Passage(test.Test));
                break;
            case TestEnded ended:
                _test?.End(ended.Result);
                _test = null;
                break;
            case CompilerPrinted compiler:
                _compiler.Add(compiler.Line);
                if (_compiler.Count > MostFirstLines + MostLastLines)
                {
                    _compiler.RemoveAt(MostFirstLines);
                }

                break;
            case MessageLogged { Test: { } test }:
                LatestOf(test).Receive(told);
                break;
            case MessagesOmitted { Test: { } test }:
                LatestOf(test).Receive(told);
                break;
            default:
                (_test ?? _stage ?? _between).Receive(told);
                break;
        }
    }

    // Messages may come after the end of the test of which they are.
    private Passage LatestOf(string test) => _tests.FindLast(one => one.Name == test) ?? _between;
}
