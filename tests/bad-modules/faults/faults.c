// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Commits the fault whose name is written to its device; some variants commit one when they are loaded or unloaded. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

static int *faults_nothing;

static noinline void faults_write_nowhere(void)
{
	WRITE_ONCE(*READ_ONCE(faults_nothing), 1);
}

static void faults_in_timer(struct timer_list *timer)
{
	faults_write_nowhere();
}

static DEFINE_TIMER(faults_timer, faults_in_timer);

static void arm_timer(void)
{
	mod_timer(&faults_timer, jiffies + 1);
}

static void faults_in_work(struct work_struct *work)
{
	BUG();
}

static DECLARE_WORK(faults_work, faults_in_work);

static void queue_work_item(void)
{
	schedule_work(&faults_work);
}

static void faults_loop(void *unused)
{
	unsigned long flags;

	local_irq_save(flags);
	/*
	 * Without a pause: at each one an emulator's processor takes a lock that the others wait for.
	 * One that waits in its timer interrupt for long sees a stall before it comes to loop itself.
	 */
	for (;;)
		barrier();
}

static void loop_here(void)
{
	faults_loop(NULL);
}

static void loop_everywhere(void)
{
	on_each_cpu(faults_loop, NULL, 0);
}

static DEFINE_MUTEX(faults_first);
static DEFINE_MUTEX(faults_second);
static DECLARE_COMPLETION(faults_first_is_held);

static int faults_take_second(void *unused)
{
	mutex_lock(&faults_first);
	complete(&faults_first_is_held);
	mutex_lock(&faults_second);
	return 0;
}

/* Each of the two has what the other waits for. */
static void deadlock(void)
{
	mutex_lock(&faults_second);
	if (IS_ERR(kthread_run(faults_take_second, NULL, "faults")))
		return;
	wait_for_completion(&faults_first_is_held);
	mutex_lock(&faults_first);
}

static DEFINE_SPINLOCK(faults_spinlock);

static void sleep_in_atomic(void)
{
	spin_lock(&faults_spinlock);
	msleep(10);
	spin_unlock(&faults_spinlock);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "panic-in-timer", arm_timer },
	{ "panic-in-work", queue_work_item },
	{ "interrupts-off", loop_here },
	{ "interrupts-off-everywhere", loop_everywhere },
	{ "deadlock", deadlock },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "oops", faults_write_nowhere },
};

static ssize_t faults_commit(struct file *file, const char __user *from, size_t size, loff_t *offset)
{
	char name[32] = "";
	size_t i;

	if (size >= sizeof(name) || copy_from_user(name, from, size))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(name, faults[i].name)) {
			faults[i].commit();
			return size;
		}
	}
	return -ENOENT;
}

static const struct file_operations faults_operations = {
	.owner = THIS_MODULE,
	.write = faults_commit,
};

static struct miscdevice faults_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "faults",
	.fops = &faults_operations,
};

static int __init faults_init(void)
{
#ifdef FAULTS_PANICS_IN_INIT
	faults_write_nowhere();
#endif
#ifdef FAULTS_SLEEPS_IN_INIT
	pr_info("faults: loading for a minute\n");
	msleep(60 * MSEC_PER_SEC);
#endif
	return misc_register(&faults_device);
}

static void __exit faults_exit(void)
{
#ifdef FAULTS_PANICS_IN_EXIT
	faults_write_nowhere();
#endif
#ifdef FAULTS_SLEEPS_IN_EXIT
	pr_info("faults: unloading for a minute\n");
	msleep(60 * MSEC_PER_SEC);
#endif
	del_timer_sync(&faults_timer);
	cancel_work_sync(&faults_work);
	misc_deregister(&faults_device);
}

module_init(faults_init);
module_exit(faults_exit);
MODULE_DESCRIPTION("Commits faults");
MODULE_LICENSE("Dual MIT/GPL");
