// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_testing.h"

#ifdef OSQ_TEST_BUILD

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "log_test.h"

#define INTERRUPT_BATCH 16

struct flood {
	struct osq_log_test test;
	raw_spinlock_t lock;
	struct completion over;
	atomic_t running;
	bool stop;
};

struct talker {
	struct flood *flood;
	struct irq_work interrupt;
	uint32_t thread;
	uint64_t next, end;
};

/* Runs in an interrupt that the processor sends to itself. */
static void talk_in_interrupt(struct irq_work *work)
{
	struct talker *talker = container_of(work, struct talker, interrupt);

	while (talker->next < talker->end)
		osq_log_test_say(&talker->flood->test, talker->thread, talker->next++);
}

static void talk_in_interrupts(struct talker *talker)
{
	const uint64_t messages = talker->flood->test.messages;

	init_irq_work(&talker->interrupt, talk_in_interrupt);
	while (talker->next < messages && !READ_ONCE(talker->flood->stop)) {
		talker->end = min(messages, talker->next + INTERRUPT_BATCH);
		irq_work_queue(&talker->interrupt);
		irq_work_sync(&talker->interrupt);
		cond_resched();
	}
}

static void talk(struct talker *talker)
{
	struct flood *flood = talker->flood;
	unsigned long flags;

	for (; talker->next < flood->test.messages && !READ_ONCE(flood->stop); talker->next++) {
		if (flood->test.context == OSQ_LOG_TEST_LOCKED) {
			raw_spin_lock_irqsave(&flood->lock, flags);
			osq_log_test_say(&flood->test, talker->thread, talker->next);
			raw_spin_unlock_irqrestore(&flood->lock, flags);
		} else {
			osq_log_test_say(&flood->test, talker->thread, talker->next);
		}
		cond_resched();
	}
}

static int run_talker(void *data)
{
	struct talker *talker = data;
	struct flood *flood = talker->flood;

	if (flood->test.context == OSQ_LOG_TEST_INTERRUPT)
		talk_in_interrupts(talker);
	else
		talk(talker);
	if (atomic_dec_and_test(&flood->running))
		complete(&flood->over);
	return 0;
}

/* Also one that has ended, or never began. The module must not go before its last instruction. */
static void stop_thread(struct task_struct *task)
{
	kthread_stop(task);
	put_task_struct(task);
}

/* All threads are made before one of them runs, or none of them ever does. */
static int make_threads(struct talker *talkers, struct task_struct **tasks, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		tasks[i] = kthread_create(run_talker, &talkers[i], "osquery_talk/%u", i);
		if (IS_ERR(tasks[i])) {
			const int error = (int)PTR_ERR(tasks[i]);

			while (i--)
				stop_thread(tasks[i]);
			return error;
		}
		get_task_struct(tasks[i]);
	}
	return 0;
}

static void run_threads(struct flood *flood, struct task_struct **tasks)
{
	const uint64_t start = ktime_get_ns();
	uint32_t i;

	for (i = 0; i < flood->test.threads; i++)
		wake_up_process(tasks[i]);
	if (wait_for_completion_killable(&flood->over)) {
		WRITE_ONCE(flood->stop, true);
		wait_for_completion(&flood->over);
	}
	flood->test.nanoseconds = ktime_get_ns() - start;
	for (i = 0; i < flood->test.threads; i++)
		stop_thread(tasks[i]);
}

static int run(struct flood *flood)
{
	const uint32_t count = flood->test.threads;
	struct talker *talkers = kcalloc(count, sizeof(*talkers), GFP_KERNEL);
	struct task_struct **tasks = kcalloc(count, sizeof(struct task_struct *), GFP_KERNEL);
	int error = -ENOMEM;
	uint32_t i;

	if (talkers && tasks) {
		for (i = 0; i < count; i++)
			talkers[i] = (struct talker){.flood = flood, .thread = i};
		error = make_threads(talkers, tasks, count);
	}
	if (!error)
		run_threads(flood, tasks);
	kfree(tasks);
	kfree(talkers);
	return error ? error : flood->stop ? -EINTR : 0;
}

long osq_log_testing_run(void __user *argument)
{
	struct flood flood = {.stop = false};
	int error;

	if (copy_from_user(&flood.test, argument, sizeof(flood.test)))
		return -EFAULT;
	error = -osq_log_test_check(&flood.test);
	if (error)
		return error;
	raw_spin_lock_init(&flood.lock);
	init_completion(&flood.over);
	atomic_set(&flood.running, (int)flood.test.threads);
	error = run(&flood);
	if (!error && copy_to_user(argument, &flood.test, sizeof(flood.test)))
		error = -EFAULT;
	return error;
}

#endif
