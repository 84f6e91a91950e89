// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Signals of processes, by Darwin's numbers; and who descends from whom. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "kpi.h"
#include "process.h"

#define SIGNALS 32

/* Ours by Darwin's number; 0 where we have none. */
static const uint8_t ours[SIGNALS] = {
    [1] = SIGHUP,   [2] = SIGINT,    [3] = SIGQUIT,  [4] = SIGILL,   [5] = SIGTRAP,
    [6] = SIGABRT,  [8] = SIGFPE,    [9] = SIGKILL,  [10] = SIGBUS,  [11] = SIGSEGV,
    [12] = SIGSYS,  [13] = SIGPIPE,  [14] = SIGALRM, [15] = SIGTERM, [16] = SIGURG,
    [17] = SIGSTOP, [18] = SIGTSTP,  [19] = SIGCONT, [20] = SIGCHLD, [21] = SIGTTIN,
    [22] = SIGTTOU, [23] = SIGIO,    [24] = SIGXCPU, [25] = SIGXFSZ, [26] = SIGVTALRM,
    [27] = SIGPROF, [28] = SIGWINCH, [30] = SIGUSR1, [31] = SIGUSR2,
};

/* Pending, neither blocked nor ignored: as this system counts them, from bit 0 on. */
static uint64_t read_pending(int pid)
{
	unsigned long long own = 0, shared = 0, blocked = 0, ignored = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "SigPnd:\t%llx", &own);
		sscanf(line, "ShdPnd:\t%llx", &shared);
		sscanf(line, "SigBlk:\t%llx", &blocked);
		sscanf(line, "SigIgn:\t%llx", &ignored);
	}
	if (file)
		fclose(file);
	return (own | shared) & ~blocked & ~ignored;
}

static int kernel_proc_issignal(int pid, uint32_t mask)
{
	const uint64_t pending = pid > 0 ? read_pending(pid) : 0;
	uint32_t set = 0;
	unsigned int number;

	for (number = 1; number < SIGNALS; number++)
		if (ours[number] && pending >> (ours[number] - 1) & 1)
			set |= 1u << (number - 1);
	return (int)(set & mask);
}

static void kernel_proc_signal(int pid, int number)
{
	if (pid > 0 && number > 0 && number < SIGNALS && ours[number])
		kill(pid, ours[number]);
}

static int kernel_proc_isinferior(int pid, int ancestor)
{
	struct process *process;
	int parent;

	while (pid > 1 && pid != ancestor) {
		process = process_find(pid);
		if (!process)
			return 0;
		parent = process_parent(process);
		process_release(process);
		if (parent == ancestor)
			return 1;
		pid = parent;
	}
	return 0;
}

static int kernel_proc_original_ppid(const struct process *process)
{
	return process->parent;
}

static int kernel_proc_sessionid(const struct process *process)
{
	return process->pid ? getsid(process->pid) : 0;
}

const struct kpi_symbol kpi_signals[] = {
    KPI_FUNCTION(KPI_BSD, proc_issignal),   KPI_FUNCTION(KPI_BSD, proc_signal),
    KPI_FUNCTION(KPI_BSD, proc_isinferior), KPI_FUNCTION(KPI_BSD, proc_original_ppid),
    KPI_FUNCTION(KPI_BSD, proc_sessionid),  {0},
};
