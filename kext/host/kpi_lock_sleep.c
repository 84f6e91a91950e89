// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Sleeping with a lock: let go of when the event is asserted, and taken again unless told not to.
 */
#include <stdint.h>

#include "kpi.h"
#include "locks.h"
#include "panic.h"
#include "wait.h"

#define UNLOCK                 0x1u
#define SHARED                 0x2u
#define EXCLUSIVE              0x4u
#define SPIN                   0x8u
#define SPIN_ALWAYS            0x20u
#define ACTIONS                0x3fu
#define THREAD_UNINTERRUPTIBLE 0

static void check(unsigned int action)
{
	if (action & ~ACTIONS)
		panic("Invalid lock sleep action %x\n", action);
}

static int block(uint64_t deadline, int interruptible)
{
	return wait_block(deadline ? deadline : WAIT_FOREVER,
	                  interruptible != THREAD_UNINTERRUPTIBLE);
}

static int kernel_lck_mtx_sleep_deadline(struct lock *mutex, unsigned int action, const void *event,
                                         int interruptible, uint64_t deadline)
{
	int result;

	check(action);
	mutex_convert_spin(mutex);
	wait_check_may_sleep();
	wait_assert(event);
	mutex_unlock(mutex);
	result = block(deadline, interruptible);
	if (action & UNLOCK)
		return result;
	(action & (SPIN | SPIN_ALWAYS) ? mutex_lock_spin : mutex_lock)(mutex);
	return result;
}

static int kernel_lck_mtx_sleep(struct lock *mutex, unsigned int action, const void *event,
                                int interruptible)
{
	return kernel_lck_mtx_sleep_deadline(mutex, action, event, interruptible, 0);
}

/* Taken again as it was held, where nothing else is asked for. */
static int kernel_lck_rw_sleep_deadline(struct lock *lock, unsigned int action, const void *event,
                                        int interruptible, uint64_t deadline)
{
	unsigned int type;
	int result;

	check(action);
	wait_check_may_sleep();
	wait_assert(event);
	type = rw_unlock_any(lock);
	result = block(deadline, interruptible);
	if (action & EXCLUSIVE)
		type = LOCK_EXCLUSIVE;
	else if (action & SHARED)
		type = LOCK_SHARED;
	if (!(action & UNLOCK))
		rw_lock(lock, type);
	return result;
}

static int kernel_lck_rw_sleep(struct lock *lock, unsigned int action, const void *event,
                               int interruptible)
{
	return kernel_lck_rw_sleep_deadline(lock, action, event, interruptible, 0);
}

static int kernel_lck_spin_sleep_deadline(struct lock *lock, unsigned int action, const void *event,
                                          int interruptible, uint64_t deadline)
{
	int result;

	check(action);
	wait_assert(event);
	spin_unlock(lock);
	result = block(deadline, interruptible);
	if (!(action & UNLOCK))
		spin_lock(lock);
	return result;
}

static int kernel_lck_spin_sleep(struct lock *lock, unsigned int action, const void *event,
                                 int interruptible)
{
	return kernel_lck_spin_sleep_deadline(lock, action, event, interruptible, 0);
}

const struct kpi_symbol kpi_lock_sleep[] = {
    KPI_FUNCTION(KPI_MACH, lck_mtx_sleep),
    KPI_FUNCTION(KPI_MACH, lck_mtx_sleep_deadline),
    KPI_FUNCTION(KPI_MACH, lck_rw_sleep),
    KPI_FUNCTION(KPI_MACH, lck_rw_sleep_deadline),
    KPI_FUNCTION(KPI_MACH, lck_spin_sleep),
    KPI_FUNCTION(KPI_MACH, lck_spin_sleep_deadline),
    {0},
};
