// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* IOKit's names for the kernel's locks; a recursive one is counted by who holds it. */
#include <stdbool.h>
#include <stdint.h>

#include "allocations.h"
#include "kpi.h"
#include "locks.h"
#include "panic.h"
#include "thread.h"
#include "wait.h"

#define CALLER          (uintptr_t) __builtin_return_address(0)
#define UNINTERRUPTIBLE 0

static struct lock *kernel_IOLockAlloc(void)
{
	return lock_make(LOCK_MUTEX, CALLER);
}

static void kernel_IOLockFree(struct lock *lock)
{
	lock_destroy(lock, LOCK_MUTEX);
}

static void kernel_IOLockLock(struct lock *lock)
{
	mutex_lock(lock);
}

static void kernel_IOLockUnlock(struct lock *lock)
{
	mutex_unlock(lock);
}

static bool kernel_IOLockTryLock(struct lock *lock)
{
	return mutex_try_lock(lock);
}

static int sleep_with(struct lock *lock, const void *event, uint64_t deadline, bool interruptible)
{
	int result;

	wait_check_may_sleep();
	wait_assert(event);
	mutex_unlock(lock);
	result = wait_block(deadline, interruptible);
	mutex_lock(lock);
	return result;
}

static int kernel_IOLockSleep(struct lock *lock, const void *event, uint32_t interruptible)
{
	return sleep_with(lock, event, WAIT_FOREVER, interruptible != UNINTERRUPTIBLE);
}

static int kernel_IOLockSleepDeadline(struct lock *lock, const void *event, uint64_t deadline,
                                      uint32_t interruptible)
{
	return sleep_with(lock, event, deadline, interruptible != UNINTERRUPTIBLE);
}

static void kernel_IOLockWakeup(struct lock *lock, const void *event, bool one)
{
	(void)lock;
	wait_wake(event, one);
}

struct recursive {
	struct lock *lock;
	unsigned int depth; /* the holder's */
};

static struct recursive *kernel_IORecursiveLockAlloc(void)
{
	struct recursive *recursive =
	    allocation_make(sizeof(*recursive), 1, ALLOCATION_OBJECT, NULL, CALLER);

	if (!recursive)
		return NULL;
	recursive->depth = 0;
	recursive->lock = lock_make(LOCK_MUTEX, CALLER);
	return recursive;
}

static void kernel_IORecursiveLockFree(struct recursive *recursive)
{
	lock_destroy(recursive->lock, LOCK_MUTEX);
	allocation_free(recursive, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_OBJECT, NULL);
}

static bool kernel_IORecursiveLockHaveLock(const struct recursive *recursive)
{
	return lock_owner(recursive->lock) == thread_current();
}

static void kernel_IORecursiveLockLock(struct recursive *recursive)
{
	if (!kernel_IORecursiveLockHaveLock(recursive))
		mutex_lock(recursive->lock);
	recursive->depth++;
}

static bool kernel_IORecursiveLockTryLock(struct recursive *recursive)
{
	if (!kernel_IORecursiveLockHaveLock(recursive) && !mutex_try_lock(recursive->lock))
		return false;
	recursive->depth++;
	return true;
}

static void kernel_IORecursiveLockUnlock(struct recursive *recursive)
{
	if (!kernel_IORecursiveLockHaveLock(recursive))
		panic("IORecursiveLockUnlock: lock %p is not held by thread %p", (void *)recursive,
		      (void *)thread_current());
	if (--recursive->depth == 0)
		mutex_unlock(recursive->lock);
}

static struct lock *kernel_IOSimpleLockAlloc(void)
{
	return lock_make(LOCK_SPIN, CALLER);
}

static void kernel_IOSimpleLockFree(struct lock *lock)
{
	lock_destroy(lock, LOCK_SPIN);
}

static void kernel_IOSimpleLockLock(struct lock *lock)
{
	spin_lock(lock);
}

static void kernel_IOSimpleLockUnlock(struct lock *lock)
{
	spin_unlock(lock);
}

static bool kernel_IOSimpleLockTryLock(struct lock *lock)
{
	return spin_try_lock(lock);
}

const struct kpi_symbol kpi_iolocks[] = {
    KPI_FUNCTION(KPI_IOKIT, IOLockAlloc),
    KPI_FUNCTION(KPI_IOKIT, IOLockFree),
    KPI_FUNCTION(KPI_IOKIT, IOLockLock),
    KPI_FUNCTION(KPI_IOKIT, IOLockUnlock),
    KPI_FUNCTION(KPI_IOKIT, IOLockTryLock),
    KPI_FUNCTION(KPI_IOKIT, IOLockSleep),
    KPI_FUNCTION(KPI_IOKIT, IOLockSleepDeadline),
    KPI_FUNCTION(KPI_IOKIT, IOLockWakeup),
    KPI_FUNCTION(KPI_IOKIT, IORecursiveLockAlloc),
    KPI_FUNCTION(KPI_IOKIT, IORecursiveLockFree),
    KPI_FUNCTION(KPI_IOKIT, IORecursiveLockHaveLock),
    KPI_FUNCTION(KPI_IOKIT, IORecursiveLockLock),
    KPI_FUNCTION(KPI_IOKIT, IORecursiveLockTryLock),
    KPI_FUNCTION(KPI_IOKIT, IORecursiveLockUnlock),
    KPI_FUNCTION(KPI_IOKIT, IOSimpleLockAlloc),
    KPI_FUNCTION(KPI_IOKIT, IOSimpleLockFree),
    KPI_FUNCTION(KPI_IOKIT, IOSimpleLockLock),
    KPI_FUNCTION(KPI_IOKIT, IOSimpleLockUnlock),
    KPI_FUNCTION(KPI_IOKIT, IOSimpleLockTryLock),
    {0},
};
