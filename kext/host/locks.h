/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What all locks of kexts have in common. Their memory is never given back, so that who uses one
 * after its end is told.
 */
#ifndef KEXTHOST_LOCKS_H
#define KEXTHOST_LOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct kext;

enum lock_kind {
	LOCK_GROUP = 0x67727001,
	LOCK_MUTEX,
	LOCK_SPIN,
	LOCK_RW,
};

struct lock {
	struct lock *next; /* of all that were ever made */
	enum lock_kind kind;
	bool destroyed;
	const struct kext *kext;
	uintptr_t site;
	void *owner;   /* a thread, where one alone has it */
	bool spinning; /* a mutex that its owner has as a spin lock */
	char name[32]; /* of a group */

	pthread_mutex_t mutex; /* the lock itself, or what guards the read-write lock's members */
	pthread_cond_t changed;
	unsigned int readers, writers_waiting;
};

/* NULL for want of memory. */
struct lock *lock_make(enum lock_kind kind, uintptr_t site);

/* Panics where it is held, where it was destroyed before or is none of that kind. */
void lock_destroy(struct lock *lock, enum lock_kind kind);

/* Panics where it is not a living lock of that kind. */
void lock_check(const struct lock *lock, enum lock_kind kind);

static inline void *lock_owner(const struct lock *lock)
{
	return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);
}

/* As lck_mtx_lock and lck_mtx_unlock, for those that sleep with a mutex. */
void mutex_lock(struct lock *lock);
void mutex_unlock(struct lock *lock);
bool mutex_try_lock(struct lock *lock);

/* Until the owner unlocks it, or makes a mutex of it, it must not sleep. */
void mutex_lock_spin(struct lock *lock);
bool mutex_try_lock_spin(struct lock *lock);
void mutex_convert_spin(struct lock *lock);

void spin_lock(struct lock *lock);
void spin_unlock(struct lock *lock);
bool spin_try_lock(struct lock *lock);

/* Of a read-write lock: `type` is LOCK_SHARED or LOCK_EXCLUSIVE. */
#define LOCK_SHARED    1u
#define LOCK_EXCLUSIVE 2u
void rw_lock(struct lock *lock, unsigned int type);

/* Whichever the calling thread has; which it was. */
unsigned int rw_unlock_any(struct lock *lock);

#endif
