/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The core's port to a user program: see kext/core/port.h. */
#ifndef OSQ_PORT_IMPL_H
#define OSQ_PORT_IMPL_H

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "port_builtin.h"

/* In the tests a producer may lose the processor anywhere. */
#ifdef OSQ_TEST_PAUSE
void osq_test_pause(void);
#define osq_port_pause_point() osq_test_pause()
#else
#define osq_port_pause_point() ((void)0)
#endif

/*
 * A holder may lose the processor here, which the kernel's spin locks rule out. So whoever has
 * spun for longer than a reservation takes gives its own time away, until the holder has run.
 */
typedef struct {
	uint32_t held;
} osq_lock_t;
typedef int osq_lock_state_t;

static inline int osq_port_lock_init(osq_lock_t *lock)
{
	lock->held = 0;
	return 0;
}

static inline void osq_port_lock_exit(osq_lock_t *lock)
{
	(void)lock;
}

static inline void osq_port_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static inline osq_lock_state_t osq_port_lock(osq_lock_t *lock)
{
	unsigned spins = 0;

	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
		do {
			if (++spins % 64 == 0)
				sched_yield();
			else
				osq_port_relax();
		} while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED));
	}
	osq_port_pause_point();
	return 0;
}

static inline void osq_port_unlock(osq_lock_t *lock, osq_lock_state_t state)
{
	(void)state;
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

/* On x86 the exchange alone is full; arm64's is acquire and release, and needs the fence. */
static inline uint32_t osq_port_exchange_full(uint32_t *address, uint32_t value)
{
	uint32_t before = __atomic_exchange_n(address, value, __ATOMIC_SEQ_CST);

#if !defined(__x86_64__) && !defined(__i386__)
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
	return before;
}

static inline void osq_port_seconds(uint32_t *epoch, uint32_t *uptime)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	*epoch = (uint32_t)now.tv_sec;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	*uptime = (uint32_t)now.tv_sec;
}

/* A sync is a mere function here. */
static inline void osq_port_linger(void)
{
	for (int i = 0; i < 64; i++)
		osq_port_relax();
}
#define osq_port_linger osq_port_linger

#endif
