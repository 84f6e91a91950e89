// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "watch.h"

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fsnotify_backend.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ptrace.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include <linux/wait.h>

#define CLOSED (FS_CLOSE_WRITE | FS_CLOSE_NOWRITE)

/* A file system that is watched; leaves the list when it is unmounted. */
struct watched {
	struct fsnotify_mark mark;
	const struct super_block *super;
	struct list_head list;
	struct rcu_head rcu;
};

/* The first opening on a file system, until the process is about to return from the call. */
struct pending {
	struct callback_head work;
	struct file *file;
	struct list_head list;
};

static DEFINE_MUTEX(mutex); /* guards these two, between start, stop and pending work */
static struct fsnotify_group *group;
static const struct osq_watch_functions *told;

static DEFINE_SPINLOCK(lists);
static LIST_HEAD(all_watched);
static LIST_HEAD(all_pending);
static atomic_t pending_count;
static DECLARE_WAIT_QUEUE_HEAD(pending_done);
static bool ever_pending;

static DECLARE_COMPLETION(group_gone);

static bool is_watched(const struct super_block *super)
{
	const struct watched *watched;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(watched, &all_watched, list) if (watched->super == super) found =
	    true;
	rcu_read_unlock();
	return found;
}

static bool is_pending(const struct file *file)
{
	const struct pending *pending;
	unsigned long flags;
	bool found = false;

	if (!atomic_read(&pending_count))
		return false;
	spin_lock_irqsave(&lists, flags);
	list_for_each_entry(pending, &all_pending, list) if (pending->file == file) found = true;
	spin_unlock_irqrestore(&lists, flags);
	return found;
}

static int handle_event(struct fsnotify_group *of, u32 mask, const void *data, int data_type,
                        struct inode *directory, const struct qstr *name, u32 cookie,
                        struct fsnotify_iter_info *iteration)
{
	const struct file *file;

	/* Events with a path come from open files only, and it is the file's own. */
	if (data_type != FSNOTIFY_EVENT_PATH)
		return 0;
	file = container_of((const struct path *)data, struct file, f_path);
	if (!S_ISREG(file_inode(file)->i_mode))
		return 0;
	if (mask & FS_MODIFY)
		told->written(file);
	if ((mask & FS_OPEN) && !is_pending(file))
		told->opened(file);
	if (mask & CLOSED)
		told->closed(file);
	return 0;
}

static void freeing_mark(struct fsnotify_mark *mark, struct fsnotify_group *of)
{
	struct watched *watched = container_of(mark, struct watched, mark);
	unsigned long flags;

	spin_lock_irqsave(&lists, flags);
	list_del_rcu(&watched->list);
	spin_unlock_irqrestore(&lists, flags);
}

static void free_mark(struct fsnotify_mark *mark)
{
	kfree_rcu(container_of(mark, struct watched, mark), rcu);
}

static void free_group(struct fsnotify_group *of)
{
	complete(&group_gone);
}

static const struct fsnotify_ops operations = {
    .handle_event = handle_event,
    .freeing_mark = freeing_mark,
    .free_mark = free_mark,
    .free_group_priv = free_group,
};

/* Under the mutex. The caller has a file open there, so it is not unmounted meanwhile. */
static void watch_super(struct super_block *super)
{
	struct watched *watched;
	unsigned long flags;

	if (is_watched(super))
		return;
	watched = kzalloc(sizeof(*watched), GFP_KERNEL);
	if (!watched)
		return;
	fsnotify_init_mark(&watched->mark, group);
	watched->mark.mask = FS_OPEN | FS_MODIFY | CLOSED;
	watched->super = super;
	INIT_LIST_HEAD(&watched->list);
	if (!fsnotify_add_mark(&watched->mark, &super->s_fsnotify_marks, FSNOTIFY_OBJ_TYPE_SB, 0,
	                       NULL)) {
		spin_lock_irqsave(&lists, flags);
		list_add_rcu(&watched->list, &all_watched);
		spin_unlock_irqrestore(&lists, flags);
	}
	fsnotify_put_mark(&watched->mark);
}

static void forget(struct pending *pending)
{
	unsigned long flags;

	spin_lock_irqsave(&lists, flags);
	list_del(&pending->list);
	spin_unlock_irqrestore(&lists, flags);
	fput(pending->file);
	kfree(pending);
	if (atomic_dec_and_test(&pending_count))
		wake_up_all(&pending_done);
}

/* The process is about to return; the opening has succeeded or not. */
static void settle(struct callback_head *work)
{
	struct pending *pending = container_of(work, struct pending, work);

	mutex_lock(&mutex);
	if (group) {
		watch_super(file_inode(pending->file)->i_sb);
		if (pending->file->f_mode & FMODE_OPENED)
			told->opened(pending->file);
	}
	mutex_unlock(&mutex);
	forget(pending);
}

/* In security_file_open(file), in the process that opens, preemption off. */
static int notice_opening(struct kprobe *probe, struct pt_regs *registers)
{
	struct file *file = (struct file *)regs_get_kernel_argument(registers, 0);
	const struct inode *inode = file_inode(file);
	struct pending *pending;
	unsigned long flags;

	if (!S_ISREG(inode->i_mode) || (file->f_mode & (FMODE_NONOTIFY | FMODE_PATH)) ||
	    (current->flags & PF_KTHREAD) || is_watched(inode->i_sb))
		return 0;
	pending = kmalloc(sizeof(*pending), GFP_ATOMIC);
	if (!pending) {
		told->lost();
		return 0;
	}
	pending->file = get_file(file);
	ever_pending = true;
	atomic_inc(&pending_count);
	spin_lock_irqsave(&lists, flags);
	list_add(&pending->list, &all_pending);
	spin_unlock_irqrestore(&lists, flags);
	init_task_work(&pending->work, settle);
	if (task_work_add(current, &pending->work, TWA_RESUME))
		forget(pending); /* a process in its last breath */
	return 0;
}

static void after_noticing(struct kprobe *probe, struct pt_regs *registers, unsigned long flags)
{
}

static struct kprobe opening;

/*
 * Not on the function's first instruction, which is ftrace's: a processor that meets the other
 * one's half-made change there, late (seen under QEMU's TCG), ends in the probe's handler, and
 * such a probe has no copy of the instruction to go on with. The arguments are still in their
 * registers behind it. A handler for afterwards keeps the probe from being turned into a jump,
 * which is patched in the same way.
 */
static int arm_probe(void)
{
	opening = (struct kprobe){.symbol_name = "security_file_open",
	                          .offset = MCOUNT_INSN_SIZE,
	                          .pre_handler = notice_opening,
	                          .post_handler = after_noticing};
	return register_kprobe(&opening);
}

int osq_watch_start(const struct osq_watch_functions *functions)
{
	struct fsnotify_group *allocated = fsnotify_alloc_group(&operations, 0);
	int error;

	if (IS_ERR(allocated))
		return PTR_ERR(allocated);
	reinit_completion(&group_gone);
	told = functions;
	mutex_lock(&mutex);
	group = allocated;
	mutex_unlock(&mutex);
	error = arm_probe();
	if (error) {
		group = NULL;
		fsnotify_put_group(allocated);
		wait_for_completion(&group_gone);
	}
	return error;
}

static void destroy_marks(struct fsnotify_group *of)
{
	struct fsnotify_mark *mark;

	for (;;) {
		mutex_lock(&of->mark_mutex);
		mark = list_first_entry_or_null(&of->marks_list, struct fsnotify_mark, g_list);
		if (mark)
			refcount_inc(&mark->refcnt);
		mutex_unlock(&of->mark_mutex);
		if (!mark)
			return;
		fsnotify_destroy_mark(mark, of);
		fsnotify_put_mark(mark);
	}
}

/*
 * Marks are freed by the kernel's own worker, when no event is on its way to them any more; an
 * unmounting may hold one for longer. The last one takes the group with it. The final wait is for
 * the worker to leave free_group.
 */
void osq_watch_stop(void)
{
	struct fsnotify_group *stopped;

	unregister_kprobe(&opening);
	mutex_lock(&mutex);
	stopped = group;
	group = NULL;
	mutex_unlock(&mutex);
	destroy_marks(stopped);
	fsnotify_put_group(stopped);
	do
		fsnotify_wait_marks_destroyed();
	while (!wait_for_completion_timeout(&group_gone, 1));
	fsnotify_wait_marks_destroyed();
}

/* Not in stop: that may run as work of a process which has pending work, too. */
void osq_watch_exit(void)
{
	wait_event(pending_done, !atomic_read(&pending_count));
	/* The last one has counted itself out, but may not have left `forget` and `settle`. */
	if (ever_pending)
		synchronize_rcu_tasks();
}
