using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.Projects;
using KextDev.Testing;

namespace KextDev.GuestTests.Testing;

/// <summary>A small extension whose one test program does what its argument says: passes, fails, sleeps, panics the kernel, has the module do so...</summary>
public sealed class SampleProject : IDisposable
{
    private const string Module = """
        // SPDX-License-Identifier: MIT OR GPL-2.0-only
        #include <linux/module.h>
        static int *sample_nothing;
        static inline void sample_write(void)
        {
        	WRITE_ONCE(*READ_ONCE(sample_nothing), 1);
        }
        static noinline int sample_fault(void)
        {
        	sample_write();
        	return 1;
        }
        static int sample_set(const char *value, const struct kernel_param *parameter)
        {
        	return sample_fault() ? -EIO : -EINVAL;
        }
        static const struct kernel_param_ops sample_operations = { .set = sample_set };
        module_param_cb(fault, &sample_operations, NULL, 0200);
        #include <linux/smp.h>
        static noinline void sample_spin(void *unused)
        {
        	/* Without a pause: at each one an emulator's processor takes a lock that the others wait for. */
        	for (;;)
        		barrier();
        }
        static int sample_set_spin(const char *value, const struct kernel_param *parameter)
        {
        	smp_call_function(sample_spin, NULL, 0);
        	local_irq_disable();
        	sample_spin(NULL);
        	return 0;
        }
        static const struct kernel_param_ops sample_spin_operations = { .set = sample_set_spin };
        module_param_cb(spin, &sample_spin_operations, NULL, 0200);
        #include <linux/fs.h>
        #include <linux/miscdevice.h>
        static const struct file_operations sample_files = { .owner = THIS_MODULE };
        static struct miscdevice sample_device = { .minor = MISC_DYNAMIC_MINOR, .name = "sample", .fops = &sample_files };
        static int __init sample_init(void)
        {
        #ifdef SAMPLE_REFUSES
        	pr_err("sample: there is no such device\n");
        	return -ENODEV;
        #endif
        	pr_info("sample: loaded\n");
        	return misc_register(&sample_device);
        }
        static void __exit sample_exit(void)
        {
        	misc_deregister(&sample_device);
        	pr_info("sample: unloaded\n");
        }
        module_init(sample_init);
        module_exit(sample_exit);
        MODULE_LICENSE("Dual MIT/GPL");
        """;

    private const string Program = """
        #define _GNU_SOURCE
        #include <dirent.h>
        #include <fcntl.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        static void write_to(const char *file, const char *text)
        {
        	int opened = open(file, O_WRONLY);
        	if (write(opened, text, strlen(text)) < 0)
        		_exit(2);
        	close(opened);
        }
        static void run_on(pid_t process, int cpu)
        {
        	cpu_set_t one;
        	CPU_ZERO(&one);
        	CPU_SET(cpu, &one);
        	sched_setaffinity(process, sizeof one, &one);
        }
        /* Each processor is kept by a process that the scheduler may not take it from, and the kernel is not to look for such. */
        static void hang(void)
        {
        	struct sched_param highest = { .sched_priority = 99 };
        	int cpu, count = sysconf(_SC_NPROCESSORS_ONLN);
        	write_to("/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress", "1");
        	write_to("/proc/sys/kernel/watchdog", "0");
        	write_to("/proc/sys/kernel/sched_rt_runtime_us", "-1");
        	run_on(0, 0);
        	for (cpu = 1; cpu < count; cpu++) {
        		pid_t child = fork();
        		while (!child)
        			;
        		run_on(child, cpu);
        		sched_setscheduler(child, SCHED_FIFO, &highest);
        	}
        	sched_setscheduler(0, SCHED_FIFO, &highest);
        	for (;;)
        		;
        }
        static int find_parent(int process)
        {
        	char file[64];
        	int parent = 0;
        	FILE *stat;
        	snprintf(file, sizeof file, "/proc/%d/stat", process);
        	stat = fopen(file, "r");
        	if (!stat)
        		return 0;
        	if (fscanf(stat, "%*d %*s %*c %d", &parent) != 1)
        		parent = 0;
        	fclose(stat);
        	return parent;
        }
        static int parent_of(int process)
        {
        	int parent = find_parent(process);
        	if (parent < 2)
        		exit(4);
        	return parent;
        }
        /* This program's supervisor was started by the shell of the session, which the SSH server's process for this connection has started. */
        static void cut(void)
        {
        	kill(parent_of(parent_of(getppid())), SIGKILL);
        	sleep(1);
        }
        /* A process of its own, which outlives the test, does it as soon as the module is gone. */
        static void panic_when_unloaded(void)
        {
        	if (fork())
        		return;
        	fclose(stdout);
        	fclose(stderr);
        	setsid();
        	while (!access("/sys/module/sample", F_OK))
        		usleep(1000);
        	write_to("/proc/sysrq-trigger", "c");
        }
        static int has_new_session(int server, int than)
        {
        	DIR *processes = opendir("/proc");
        	struct dirent *one;
        	int found = 0;
        	while ((one = readdir(processes)))
        		found |= atoi(one->d_name) > than && find_parent(atoi(one->d_name)) == server;
        	closedir(processes);
        	return found;
        }
        /* The same, as soon as another command comes over this connection. */
        static void cut_next(void)
        {
        	int session = parent_of(getppid()), server = parent_of(session), test = getpid();
        	if (fork())
        		return;
        	fclose(stdout);
        	fclose(stderr);
        	setsid();
        	while (!kill(test, 0))
        		usleep(1000);
        	test = getpid();
        	while (!has_new_session(server, test))
        		usleep(1000);
        	kill(server, SIGKILL);
        	_exit(0);
        }
        int main(int argc, char **argv)
        {
        	const char *what = argc > 1 ? argv[1] : "";
        	setvbuf(stdout, NULL, _IOLBF, 0);
        	puts("KTAP version 1\n1..1");
        	if (!strcmp(what, "fail")) {
        		FILE *log = fopen("/dev/kmsg", "w");
        		fputs("sample: what the kernel said meanwhile\n", log);
        		fclose(log);
        		puts("not ok 1 arithmetic # two and two make five");
        		return 1;
        	}
        	if (!strcmp(what, "sleep"))
        		sleep(600);
        	if (!strcmp(what, "panic") || !strcmp(what, "oops")) {
        		write_to(*what == 'p' ? "/proc/sysrq-trigger" : "/sys/module/sample/parameters/fault", "c");
        		sleep(600);
        	}
        	if (!strcmp(what, "spin"))
        		write_to("/sys/module/sample/parameters/spin", "c");
        	if (!strcmp(what, "hang"))
        		hang();
        	if (!strcmp(what, "cut"))
        		cut();
        	if (!strcmp(what, "cut-next"))
        		cut_next();
        	if (!strcmp(what, "panic-later"))
        		panic_when_unloaded();
        	if (!strcmp(what, "flaky") && access("/tmp/been-here", F_OK)) {
        		close(open("/tmp/been-here", O_CREAT | O_WRONLY, 0600));
        		puts("not ok 1 luck # none");
        		return 1;
        	}
        	if (!strcmp(what, "die"))
        		raise(SIGSEGV);
        	if (!strcmp(what, "hold") && open("/dev/sample", O_RDWR) >= 0 && !fork()) {
        		fclose(stdout);
        		fclose(stderr);
        		setsid();
        		sleep(600);
        	}
        	if (!strcmp(what, "silent"))
        		return 0;
        	if (!strcmp(what, "load") && system(getenv("KEXTDEV_LOAD")))
        		return 3;
        	puts("# figure events 42\nok 1 it");
        	return 0;
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-sample-").FullName;

    /// <param name="tests">Name, time limit in seconds, and whatever else the manifest says of each test, as JSON.</param>
    public SampleProject(params string[] tests)
    {
        Write("linux/Kbuild", "obj-m := sample.o\n");
        Write("linux/sample.c", Module);
        Write("test.c", Program);
        Write(
            "kextdev.json",
            $$"""
            {
              "name": "sample",
              "platforms": { "linux": { "kbuild": "linux", "module": "sample", "variants": { "normal": [], "refuses": ["-DSAMPLE_REFUSES"] } } },
              "programs": {},
              "tests": [ {{string.Join(", ", tests.Select(test => $$"""{ "source": "test.c", {{test}} }"""))}} ]
            }
            """);
        RunFolder = KextDev.Testing.RunFolder.Create(Place.State, "sample", TimeProvider.System);
    }

    public GuestPlace Place { get; } = new();

    public string Folder => _folder;

    public string RunFolder { get; }

    public void Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public Repetition Repetition { get; init; } = Repetition.Once;

    /// <summary>Names of those to run; empty for all.</summary>
    public IReadOnlyList<string> Tests { get; init; } = [];

    public int LeakCycles { get; init; }

    public bool MemoryDump { get; init; }

    public bool Force { get; init; }

    public bool KeepGuest { get; init; }

    public Task<RunResult> RunAsync(IRunReport report, CancellationToken cancellationToken = default) =>
        RunAsync(GuestPlace.Embedded, report, cancellationToken);

    public async Task<RunResult> RunAsync(GuestDefinition guest, IRunReport report, CancellationToken cancellationToken = default)
    {
        var project = Project.Load(_folder);
        var options = new KernelTestOptions
        {
            Project = project,
            Plan = TestPlan.Quick,
            Suites = [new TestSuite(guest, TestPlan.Select(project, TestPlan.Quick, Tests, duration: null))],
            State = Place.State,
            RunFolder = RunFolder,
            Repetition = Repetition,
            LeakCycles = LeakCycles,
            MemoryDump = MemoryDump,
            Force = Force,
            KeepGuest = KeepGuest,
        };
        await using var journal = new RunJournal(TimeProvider.System, [.. KextDev.Reports.RunReports.Kept(RunFolder), report]);
        return await new KernelTestRun(options, journal, TimeProvider.System).RunAsync(cancellationToken);
    }

    public void Dispose()
    {
        Place.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Keeps the events of a run, and calls back on each.</summary>
internal sealed class RecordingReport(Action<RunEvent>? heard = null) : IRunReport
{
    public List<RunEvent> Events { get; } = [];

    public void Receive(RunEvent runEvent)
    {
        Events.Add(runEvent);
        heard?.Invoke(runEvent);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
