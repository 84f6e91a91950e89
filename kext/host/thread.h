/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A thread that may run code of a kext: one of the host's own, or one that stands for a client's.
 */
#ifndef KEXTHOST_THREAD_H
#define KEXTHOST_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "process.h"

#define THREAD_LOCKS_MAX 64

struct connection;

struct thread {
	uint64_t number;               /* thread_tid()'s; no two threads have had the same */
	struct process *process;       /* kernel_task's for the host's own */
	struct connection *connection; /* to the client that it stands for, or NULL */

	/* Positive: a spin lock is held, and the thread must not sleep. */
	int preemption_level;
	const void *locks[THREAD_LOCKS_MAX]; /* held: mutexes and read-write locks */
	unsigned int lock_count;

	/* Guarded by the bucket of the event; see wait.h */
	struct thread *next_waiter;
	const void *event;
	int wake_descriptor;

	uintptr_t stack_low, stack_high;
};

/* Of the calling thread; made when it is asked for first. */
struct thread *thread_current(void);

/* What the calling thread does from now on, it does as that process. Returns whom it was before. */
struct process *thread_become(struct process *process);

void thread_note_lock(struct thread *thread, const void *lock);
void thread_forget_lock(struct thread *thread, const void *lock);

#endif
