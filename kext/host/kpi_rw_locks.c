// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Read-write locks: writers go before readers that have come after them. */
#include <stdbool.h>
#include <stdint.h>

#include "kpi.h"
#include "locks.h"
#include "panic.h"
#include "thread.h"
#include "wait.h"

#define CALLER    (uintptr_t) __builtin_return_address(0)
#define SHARED    LOCK_SHARED
#define EXCLUSIVE LOCK_EXCLUSIVE

static struct lock *kernel_lck_rw_alloc_init(struct lock *group, void *attributes)
{
	(void)attributes;
	lock_check(group, LOCK_GROUP);
	return lock_make(LOCK_RW, CALLER);
}

static void kernel_lck_rw_free(struct lock *lock, struct lock *group)
{
	lock_check(group, LOCK_GROUP);
	lock_destroy(lock, LOCK_RW);
}

static bool holds(const struct thread *thread, const struct lock *lock)
{
	unsigned int i;

	for (i = 0; i < thread->lock_count; i++)
		if (thread->locks[i] == lock)
			return true;
	return false;
}

static void set_readers(struct lock *lock, unsigned int readers)
{
	__atomic_store_n(&lock->readers, readers, __ATOMIC_RELAXED);
}

static void set_owner(struct lock *lock, struct thread *thread)
{
	__atomic_store_n(&lock->owner, thread, __ATOMIC_RELAXED);
}

static void kernel_lck_rw_lock_shared(struct lock *lock)
{
	struct thread *thread = thread_current();

	wait_check_may_sleep();
	lock_check(lock, LOCK_RW);
	if (lock_owner(lock) == thread)
		panic("lck_rw_lock_shared(): lock %p is held exclusive by the thread itself: it "
		      "would "
		      "wait for ever",
		      (void *)lock);
	pthread_mutex_lock(&lock->mutex);
	if (lock->writers_waiting && holds(thread, lock))
		panic("lck_rw_lock_shared(): lock %p is held shared by the thread itself, and a "
		      "writer "
		      "waits in between: it would wait for ever",
		      (void *)lock);
	while (lock->owner || lock->writers_waiting)
		pthread_cond_wait(&lock->changed, &lock->mutex);
	set_readers(lock, lock->readers + 1);
	pthread_mutex_unlock(&lock->mutex);
	thread_note_lock(thread, lock);
}

static void kernel_lck_rw_lock_exclusive(struct lock *lock)
{
	struct thread *thread = thread_current();

	wait_check_may_sleep();
	lock_check(lock, LOCK_RW);
	if (holds(thread, lock))
		panic(
		    "lck_rw_lock_exclusive(): lock %p is held by the thread itself: it would wait "
		    "for ever",
		    (void *)lock);
	pthread_mutex_lock(&lock->mutex);
	lock->writers_waiting++;
	while (lock->owner || lock->readers)
		pthread_cond_wait(&lock->changed, &lock->mutex);
	lock->writers_waiting--;
	set_owner(lock, thread);
	pthread_mutex_unlock(&lock->mutex);
	thread_note_lock(thread, lock);
}

static void kernel_lck_rw_unlock_shared(struct lock *lock)
{
	struct thread *thread = thread_current();

	lock_check(lock, LOCK_RW);
	pthread_mutex_lock(&lock->mutex);
	if (lock->owner)
		panic("lck_rw_unlock_shared(): lock %p held in mode: %d\n", (void *)lock,
		      (int)EXCLUSIVE);
	if (!lock->readers || !holds(thread, lock))
		panic("Releasing non-exclusive RW lock without a reader refcount!");
	set_readers(lock, lock->readers - 1);
	pthread_cond_broadcast(&lock->changed);
	pthread_mutex_unlock(&lock->mutex);
	thread_forget_lock(thread, lock);
}

static void kernel_lck_rw_unlock_exclusive(struct lock *lock)
{
	struct thread *thread = thread_current();

	lock_check(lock, LOCK_RW);
	pthread_mutex_lock(&lock->mutex);
	if (lock->owner != thread)
		panic("lck_rw_unlock_exclusive(): lock held in mode: %d\n",
		      lock->readers ? (int)SHARED : 0);
	set_owner(lock, NULL);
	pthread_cond_broadcast(&lock->changed);
	pthread_mutex_unlock(&lock->mutex);
	thread_forget_lock(thread, lock);
}

void rw_lock(struct lock *lock, unsigned int type)
{
	if (type == SHARED)
		kernel_lck_rw_lock_shared(lock);
	else if (type == EXCLUSIVE)
		kernel_lck_rw_lock_exclusive(lock);
	else
		panic("lck_rw_lock(): Invalid RW lock type: %x\n", type);
}

static void kernel_lck_rw_unlock(struct lock *lock, unsigned int type)
{
	if (type == SHARED)
		kernel_lck_rw_unlock_shared(lock);
	else if (type == EXCLUSIVE)
		kernel_lck_rw_unlock_exclusive(lock);
	else
		panic("lck_rw_unlock(): Invalid RW lock type: %d\n", (int)type);
}

unsigned int rw_unlock_any(struct lock *lock)
{
	const unsigned int type = lock_owner(lock) == thread_current() ? EXCLUSIVE : SHARED;

	kernel_lck_rw_unlock(lock, type);
	return type;
}

static void kernel_lck_rw_lock(struct lock *lock, unsigned int type)
{
	rw_lock(lock, type);
}

static unsigned int kernel_lck_rw_done(struct lock *lock)
{
	return rw_unlock_any(lock);
}

static uint32_t kernel_lck_rw_try_lock(struct lock *lock, unsigned int type)
{
	struct thread *thread = thread_current();
	bool free;

	lock_check(lock, LOCK_RW);
	if (type != SHARED && type != EXCLUSIVE)
		panic("lck_rw_try_lock(): Invalid rw lock type: %x\n", type);
	pthread_mutex_lock(&lock->mutex);
	free = !lock->owner && (type == SHARED ? !lock->writers_waiting : !lock->readers);
	if (free && type == SHARED)
		set_readers(lock, lock->readers + 1);
	else if (free)
		set_owner(lock, thread);
	pthread_mutex_unlock(&lock->mutex);
	if (free)
		thread_note_lock(thread, lock);
	return free;
}

/* Where another one is about to become the writer, even the shared hold is lost. */
static uint32_t kernel_lck_rw_lock_shared_to_exclusive(struct lock *lock)
{
	struct thread *thread = thread_current();
	bool alone;

	wait_check_may_sleep();
	lock_check(lock, LOCK_RW);
	pthread_mutex_lock(&lock->mutex);
	if (!lock->readers || !holds(thread, lock))
		panic("lck_rw_lock_shared_to_exclusive(): lock %p is not held shared",
		      (void *)lock);
	alone = !lock->writers_waiting;
	set_readers(lock, lock->readers - 1);
	if (alone) {
		lock->writers_waiting++;
		while (lock->readers)
			pthread_cond_wait(&lock->changed, &lock->mutex);
		lock->writers_waiting--;
		set_owner(lock, thread);
	}
	pthread_cond_broadcast(&lock->changed);
	pthread_mutex_unlock(&lock->mutex);
	if (!alone)
		thread_forget_lock(thread, lock);
	return alone;
}

static void kernel_lck_rw_lock_exclusive_to_shared(struct lock *lock)
{
	lock_check(lock, LOCK_RW);
	pthread_mutex_lock(&lock->mutex);
	if (lock->owner != thread_current())
		panic("lck_rw_lock_exclusive_to_shared(): lock %p is not held exclusive",
		      (void *)lock);
	set_owner(lock, NULL);
	set_readers(lock, lock->readers + 1);
	pthread_cond_broadcast(&lock->changed);
	pthread_mutex_unlock(&lock->mutex);
}

const struct kpi_symbol kpi_rw_locks[] = {
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_alloc_init),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_free),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_lock_shared),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_lock_exclusive),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_unlock_shared),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_unlock_exclusive),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_lock),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_unlock),
    KPI_FUNCTION(KPI_UNSUPPORTED, lck_rw_done),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_try_lock),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_lock_shared_to_exclusive),
    KPI_FUNCTION(KPI_LIBKERN, lck_rw_lock_exclusive_to_shared),
    {0},
};
