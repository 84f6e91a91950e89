// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Executions, from the tracepoint behind every successful exec: it runs in the process that got
 * the new program, before its first instruction, and cannot miss any.
 */
#include <linux/binfmts.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>

#include "event.h"
#include "identity.h"
#include "publishers.h"
#include "queue.h"
#include "tracepoints.h"

/* One for each processor: tracepoints run with preemption off, and no interrupt executes. */
struct scratch {
	char path[OSQ_PATH_MAX];
	char argv[OSQ_VECTOR_MAX];
	char envv[OSQ_VECTOR_MAX];
};

static struct scratch __percpu *scratches;
static struct tracepoint *executed;

/*
 * The process' strings from `start` to `end`, as far as they can be read without a page fault.
 * exec has just written these pages, so only an extreme want of memory can have taken them; what
 * is missing then shows as fewer strings than the process has.
 */
static struct osq_strings read_strings(char *room, unsigned long start, unsigned long end,
                                       int count)
{
	struct osq_strings strings = {.bytes = room, .length = end - start, .count = count};
	size_t size = min_t(size_t, end - start, OSQ_VECTOR_MAX);

	if (copy_from_user_nofault(room, (const void __user *)start, size))
		strings.length = 0;
	return strings;
}

static void publish(void *data, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	struct scratch *scratch = this_cpu_ptr(scratches);
	const struct mm_struct *mm = task->mm;
	struct osq_process process;
	void *record;

	osq_identity_get(&process.identity);
	osq_attributes_get(&process.file, file_inode(bprm->file));
	process.path = osq_path_get(&bprm->file->f_path, scratch->path, sizeof(scratch->path));
	process.argv = read_strings(scratch->argv, mm->arg_start, mm->arg_end, bprm->argc);
	process.envv = read_strings(scratch->envv, mm->env_start, mm->env_end, bprm->envc);

	record = osq_queue_reserve(OSQ_EVENT_PROCESS, osq_process_size(&process));
	if (!record)
		return;
	osq_process_fill(record, &process);
	osq_queue_commit(record);
}

static int start(void)
{
	int error;

	executed = osq_tracepoint_find("sched_process_exec");
	if (!executed)
		return -ENOENT;
	scratches = alloc_percpu(struct scratch);
	if (!scratches)
		return -ENOMEM;
	error = tracepoint_probe_register(executed, publish, NULL);
	if (error)
		free_percpu(scratches);
	return error;
}

static void stop(void)
{
	tracepoint_probe_unregister(executed, publish, NULL);
	tracepoint_synchronize_unregister();
	free_percpu(scratches);
}

const struct osq_publisher osq_process_publisher = {
    .event = OSQ_EVENT_PROCESS,
    .start = start,
    .stop = stop,
};
