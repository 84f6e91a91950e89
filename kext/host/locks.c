// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "locks.h"

#include <stdlib.h>

#include "kext.h"
#include "leftovers.h"
#include "panic.h"
#include "thread.h"

static struct lock *locks;

static const char *name_of(enum lock_kind kind)
{
	switch (kind) {
	case LOCK_GROUP:
		return "lock group";
	case LOCK_MUTEX:
		return "mutex";
	case LOCK_SPIN:
		return "spin lock";
	case LOCK_RW:
		return "rw lock";
	}
	return "lock";
}

struct lock *lock_make(enum lock_kind kind, uintptr_t site)
{
	struct lock *lock = calloc(1, sizeof(*lock));

	if (!lock)
		return NULL;
	lock->kind = kind;
	lock->site = site;
	lock->kext = kext_at(site);
	pthread_mutex_init(&lock->mutex, NULL);
	pthread_cond_init(&lock->changed, NULL);
	lock->next = __atomic_load_n(&locks, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&locks, &lock->next, lock, true, __ATOMIC_RELEASE,
	                                    __ATOMIC_RELAXED))
		;
	return lock;
}

void lock_check(const struct lock *lock, enum lock_kind kind)
{
	if (lock->kind == kind && !__atomic_load_n(&lock->destroyed, __ATOMIC_RELAXED))
		return;
	if (kind == LOCK_MUTEX)
		panic("trying to interlock destroyed mutex (%p)", (const void *)lock);
	panic("%s (%p) is destroyed or none", name_of(kind), (const void *)lock);
}

void lock_destroy(struct lock *lock, enum lock_kind kind)
{
	lock_check(lock, kind);
	if (lock_owner(lock) || __atomic_load_n(&lock->readers, __ATOMIC_RELAXED))
		panic("%s (%p) owned\n", name_of(kind), (void *)lock);
	__atomic_store_n(&lock->destroyed, true, __ATOMIC_RELAXED);
}

void mutex_lock(struct lock *lock)
{
	struct thread *thread = thread_current();

	lock_check(lock, LOCK_MUTEX);
	if (thread->preemption_level)
		panic("preemption_level(%d) != 0\n", thread->preemption_level);
	if (lock_owner(lock) == thread)
		panic("Attempt to recursively lock a non-recursive lock: mutex (%p)", (void *)lock);
	pthread_mutex_lock(&lock->mutex);
	lock_check(lock, LOCK_MUTEX);
	__atomic_store_n(&lock->owner, thread, __ATOMIC_RELAXED);
	thread_note_lock(thread, lock);
}

bool mutex_try_lock(struct lock *lock)
{
	lock_check(lock, LOCK_MUTEX);
	if (lock_owner(lock) == thread_current() || pthread_mutex_trylock(&lock->mutex))
		return false;
	__atomic_store_n(&lock->owner, thread_current(), __ATOMIC_RELAXED);
	thread_note_lock(thread_current(), lock);
	return true;
}

void mutex_unlock(struct lock *lock)
{
	struct thread *thread = thread_current();

	lock_check(lock, LOCK_MUTEX);
	if (lock_owner(lock) != thread)
		panic("Mutex unlock attempted from non-owner thread. Owner=%p lock=%p",
		      lock_owner(lock), (void *)lock);
	mutex_convert_spin(lock);
	thread_forget_lock(thread, lock);
	__atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&lock->mutex);
}

static void spin(struct lock *lock)
{
	lock->spinning = true;
	thread_current()->preemption_level++;
}

void mutex_lock_spin(struct lock *lock)
{
	mutex_lock(lock);
	spin(lock);
}

bool mutex_try_lock_spin(struct lock *lock)
{
	if (!mutex_try_lock(lock))
		return false;
	spin(lock);
	return true;
}

void mutex_convert_spin(struct lock *lock)
{
	lock_check(lock, LOCK_MUTEX);
	if (lock_owner(lock) != thread_current())
		panic("lck_mtx_convert_spin: mutex (%p) not owned\n", (void *)lock);
	if (!lock->spinning)
		return;
	lock->spinning = false;
	thread_current()->preemption_level--;
}

void spin_lock(struct lock *lock)
{
	struct thread *thread = thread_current();

	lock_check(lock, LOCK_SPIN);
	if (lock_owner(lock) == thread)
		panic("Spinlock acquisition timed out: lock=%p, lock owner thread=0x%lx, "
		      "current_thread: %p",
		      (void *)lock, (uintptr_t)thread, (void *)thread);
	thread->preemption_level++;
	pthread_mutex_lock(&lock->mutex);
	__atomic_store_n(&lock->owner, thread, __ATOMIC_RELAXED);
}

bool spin_try_lock(struct lock *lock)
{
	lock_check(lock, LOCK_SPIN);
	if (lock_owner(lock) == thread_current() || pthread_mutex_trylock(&lock->mutex))
		return false;
	thread_current()->preemption_level++;
	__atomic_store_n(&lock->owner, thread_current(), __ATOMIC_RELAXED);
	return true;
}

void spin_unlock(struct lock *lock)
{
	struct thread *thread = thread_current();

	lock_check(lock, LOCK_SPIN);
	if (!lock_owner(lock))
		panic("Preemption level underflow, possible cause unlocking an unlocked mutex or "
		      "spinlock");
	if (lock_owner(lock) != thread)
		panic("spin unlock: unlocking lock %p, owned by thread %p", (void *)lock,
		      lock_owner(lock));
	__atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&lock->mutex);
	thread->preemption_level--;
}

void locks_tell_left(const struct kext *kext)
{
	const struct lock *lock;

	for (lock = __atomic_load_n(&locks, __ATOMIC_ACQUIRE); lock; lock = lock->next)
		if (lock->kext == kext && !__atomic_load_n(&lock->destroyed, __ATOMIC_RELAXED))
			leftovers_tell(lock->site, "a %s %s%p%s", name_of(lock->kind),
			               lock->kind == LOCK_GROUP ? lock->name : "",
			               (const void *)lock, lock_owner(lock) ? ", still held," : "");
}
