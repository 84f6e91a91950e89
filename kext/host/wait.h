/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Threads that sleep on an event, which is an address. First a thread says what it waits for, then
 * it lets go of the lock that guards the event, then it blocks: no wakeup in between is lost.
 */
#ifndef KEXTHOST_WAIT_H
#define KEXTHOST_WAIT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WAIT_AWAKENED = 0,
	WAIT_TIMED_OUT = 1,
	WAIT_INTERRUPTED = 2,
};

#define WAIT_FOREVER UINT64_MAX

void wait_assert(const void *event);

/*
 * `deadline` on clock_uptime's clock. Interruptible: by the client that the thread stands for. At
 * once where nothing was asserted. Panics where the thread must not sleep.
 */
int wait_block(uint64_t deadline, bool interruptible);

/* All who wait for it, or the one that came first. Whether there was any. */
bool wait_wake(const void *event, bool one);

/* Panics where the calling thread must not sleep. */
void wait_check_may_sleep(void);

/* Sleeps, uninterrupted. */
void wait_for(uint64_t nanoseconds);

/* Nanoseconds, of a clock that stands still while the machine sleeps. */
uint64_t clock_uptime(void);

#endif
