// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "darwin.h"
#include "kpi.h"
#include "process.h"
#include "thread.h"

static struct process *self(void)
{
	return thread_current()->process;
}

static struct process *kernel_current_proc(void)
{
	return self();
}

static struct process *kernel_current_task(void)
{
	return self();
}

static struct process *kernel_proc_self(void)
{
	process_retain(self());
	return self();
}

static struct process *kernel_proc_find(int pid)
{
	return process_find(pid);
}

static int kernel_proc_rele(struct process *process)
{
	process_release(process);
	return 0;
}

static int kernel_proc_selfpid(void)
{
	return self()->pid;
}

static int kernel_proc_selfppid(void)
{
	return process_parent(self());
}

static int kernel_proc_pid(const struct process *process)
{
	return process->pid;
}

static int kernel_proc_ppid(const struct process *process)
{
	return process_parent(process);
}

static int kernel_proc_pgrpid(const struct process *process)
{
	return process->pid ? getpgid(process->pid) : 0;
}

static int kernel_proc_selfpgrpid(void)
{
	return kernel_proc_pgrpid(self());
}

static void copy_name(char *to, int size, const struct process *process)
{
	if (size <= 0)
		return;
	strncpy(to, process->name, (size_t)size - 1);
	to[size - 1] = '\0';
}

/* 10.15 leaves nothing of what was there, whether it knows the process or not. */
static void kernel_proc_name(int pid, char *to, int size)
{
	struct process *process;

	if (size <= 0)
		return;
	memset(to, 0, (size_t)size);
	process = process_find(pid);
	if (!process)
		return;
	copy_name(to, size, process);
	process_release(process);
}

static void kernel_proc_selfname(char *to, int size)
{
	copy_name(to, size, self());
}

static int kernel_proc_suser(const struct process *process)
{
	return process->credential->uid ? DARWIN_EPERM : 0;
}

static int kernel_proc_is64bit(const struct process *process)
{
	(void)process;
	return 1;
}

static int kernel_proc_exiting(const struct process *process)
{
	(void)process;
	return 0;
}

static struct process *kernel_kernel_task = &process_kernel;

static void kernel_task_reference(struct process *task)
{
	process_retain(task);
}

static void kernel_task_deallocate(struct process *task)
{
	if (task)
		process_release(task);
}

const struct kpi_symbol kpi_process[] = {
    KPI_FUNCTION(KPI_BSD, current_proc),     KPI_FUNCTION(KPI_BSD, proc_self),
    KPI_FUNCTION(KPI_BSD, proc_find),        KPI_FUNCTION(KPI_BSD, proc_rele),
    KPI_FUNCTION(KPI_BSD, proc_selfpid),     KPI_FUNCTION(KPI_BSD, proc_selfppid),
    KPI_FUNCTION(KPI_BSD, proc_selfpgrpid),  KPI_FUNCTION(KPI_BSD, proc_pid),
    KPI_FUNCTION(KPI_BSD, proc_ppid),        KPI_FUNCTION(KPI_BSD, proc_pgrpid),
    KPI_FUNCTION(KPI_BSD, proc_name),        KPI_FUNCTION(KPI_BSD, proc_selfname),
    KPI_FUNCTION(KPI_BSD, proc_suser),       KPI_FUNCTION(KPI_BSD, proc_is64bit),
    KPI_FUNCTION(KPI_BSD, proc_exiting),     KPI_FUNCTION(KPI_MACH, current_task),
    KPI_VARIABLE(KPI_MACH, kernel_task),     KPI_FUNCTION(KPI_MACH, task_reference),
    KPI_FUNCTION(KPI_MACH, task_deallocate), {0},
};
