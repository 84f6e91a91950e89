/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * XNU under the portable core.
 *
 * Events arise in the threads that cause them (kauth listeners, socket filters), never in an
 * interrupt. Hence a spin lock that turns preemption off and leaves interrupts alone.
 */
#ifndef OSQ_PORT_IMPL_H
#define OSQ_PORT_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/errno.h>
#include <sys/time.h>

#include "locks.h"
#include "port_builtin.h"

typedef lck_spin_t *osq_lock_t;
typedef int osq_lock_state_t;

static inline int osq_port_lock_init(osq_lock_t *lock)
{
	*lock = lck_spin_alloc_init(osq_lock_group, NULL);
	return *lock ? 0 : ENOMEM;
}

static inline void osq_port_lock_exit(osq_lock_t *lock)
{
	lck_spin_free(*lock, osq_lock_group);
}

static inline osq_lock_state_t osq_port_lock(osq_lock_t *lock)
{
	lck_spin_lock(*lock);
	return 0;
}

static inline void osq_port_unlock(osq_lock_t *lock, osq_lock_state_t state)
{
	(void)state;
	lck_spin_unlock(*lock);
}

/* On x86_64 an xchg, which is a full barrier for whatever is around it. */
static inline uint32_t osq_port_exchange_full(uint32_t *address, uint32_t value)
{
	return __atomic_exchange_n(address, value, __ATOMIC_SEQ_CST);
}

/* microuptime() stands still while the machine sleeps, as the Linux module's clock does. */
static inline void osq_port_seconds(uint32_t *epoch, uint32_t *uptime)
{
	struct timeval time;

	microtime(&time);
	*epoch = (uint32_t)time.tv_sec;
	microuptime(&time);
	*uptime = (uint32_t)time.tv_sec;
}

#endif
