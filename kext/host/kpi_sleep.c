// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Sleeping on an event. Each asserts the event before it lets go of the lock that guards it. */
#include <stdbool.h>
#include <stdint.h>

#include "darwin.h"
#include "kpi.h"
#include "locks.h"
#include "panic.h"
#include "thread.h"
#include "wait.h"

#define SECOND 1000000000u
#define PCATCH 0x100
#define PDROP  0x400
#define PSPIN  0x800

struct darwin_timespec {
	int64_t seconds;
	int64_t nanoseconds;
};

static int errno_of(int result)
{
	switch (result) {
	case WAIT_TIMED_OUT:
		return DARWIN_EWOULDBLOCK;
	case WAIT_INTERRUPTED:
		return DARWIN_EINTR;
	}
	return 0;
}

static int sleep_on(const void *event, struct lock *mutex, int priority, uint64_t deadline)
{
	int result;

	/* One that is held as a spin lock is let go of, as any. */
	if (mutex)
		mutex_convert_spin(mutex);
	wait_check_may_sleep();
	if (event)
		wait_assert(event);
	if (mutex)
		mutex_unlock(mutex);
	result = wait_block(deadline, priority & PCATCH);
	if (mutex && !(priority & PDROP))
		(priority & PSPIN ? mutex_lock_spin : mutex_lock)(mutex);
	return errno_of(result);
}

static int kernel_msleep(void *event, struct lock *mutex, int priority, const char *message,
                         const struct darwin_timespec *timeout)
{
	uint64_t deadline = WAIT_FOREVER;

	(void)message;
	if (timeout && (timeout->seconds || timeout->nanoseconds))
		deadline = clock_uptime() + (uint64_t)timeout->seconds * SECOND +
		           (uint64_t)timeout->nanoseconds;
	return sleep_on(event, mutex, priority, deadline);
}

static int kernel_tsleep(void *event, int priority, const char *message, int hundredths)
{
	(void)message;
	return sleep_on(event, NULL, priority,
	                hundredths ? clock_uptime() + (uint64_t)hundredths * (SECOND / 100)
	                           : WAIT_FOREVER);
}

static void kernel_wakeup(void *event)
{
	wait_wake(event, false);
}

static void kernel_wakeup_one(void *event)
{
	wait_wake(event, true);
}

/* Of a wait between assert_wait and thread_block. */
static _Thread_local uint64_t asserted_deadline;
static _Thread_local bool asserted_interruptible;

#define THREAD_UNINTERRUPTIBLE 0
#define THREAD_WAITING         (-1)

static int kernel_assert_wait_deadline(const void *event, int interruptible, uint64_t deadline)
{
	wait_assert(event);
	asserted_deadline = deadline ? deadline : WAIT_FOREVER;
	asserted_interruptible = interruptible != THREAD_UNINTERRUPTIBLE;
	return THREAD_WAITING;
}

static int kernel_assert_wait(const void *event, int interruptible)
{
	return kernel_assert_wait_deadline(event, interruptible, 0);
}

static int kernel_assert_wait_timeout(const void *event, int interruptible, uint32_t interval,
                                      uint32_t scale)
{
	return kernel_assert_wait_deadline(event, interruptible,
	                                   clock_uptime() + (uint64_t)interval * scale);
}

static int kernel_thread_block(void *continuation)
{
	if (continuation)
		panic("thread_block: continuations are not offered");
	return wait_block(asserted_deadline, asserted_interruptible);
}

static int kernel_thread_wakeup_prim(const void *event, uint32_t one, int result)
{
	(void)result;
	return wait_wake(event, one) ? 0 : 48; /* KERN_NOT_WAITING */
}

static int kernel_thread_block_parameter(void *continuation, void *parameter)
{
	(void)parameter;
	return kernel_thread_block(continuation);
}

static struct thread *kernel_current_thread(void)
{
	return thread_current();
}

static uint64_t kernel_thread_tid(struct thread *thread)
{
	return thread->number;
}

static uint32_t kernel_preemption_enabled(void)
{
	return thread_current()->preemption_level == 0;
}

const struct kpi_symbol kpi_sleep[] = {
    KPI_FUNCTION(KPI_BSD, msleep),
    KPI_FUNCTION(KPI_UNSUPPORTED, tsleep),
    KPI_FUNCTION(KPI_BSD, wakeup),
    KPI_FUNCTION(KPI_BSD, wakeup_one),
    KPI_FUNCTION(KPI_MACH, assert_wait),
    KPI_FUNCTION(KPI_MACH, assert_wait_deadline),
    KPI_FUNCTION(KPI_MACH, assert_wait_timeout),
    KPI_FUNCTION(KPI_MACH, thread_block),
    KPI_FUNCTION(KPI_MACH, thread_wakeup_prim),
    KPI_FUNCTION(KPI_MACH, thread_block_parameter),
    KPI_FUNCTION(KPI_MACH, current_thread),
    KPI_FUNCTION(KPI_MACH, thread_tid),
    KPI_FUNCTION(KPI_MACH, preemption_enabled),
    {0},
};
