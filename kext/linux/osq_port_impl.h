/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The Linux kernel under the portable core.
 *
 * Events arise with preemption off (tracepoints, kprobes) and in plain process context (file
 * notification); a kprobe may hit while interrupts are off. Hence a raw spin lock that saves the
 * interrupt state: correct in all of them, also on a kernel where spinlock_t sleeps.
 */
#ifndef OSQ_PORT_IMPL_H
#define OSQ_PORT_IMPL_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/prefetch.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>

#define INT32_MAX S32_MAX

typedef raw_spinlock_t osq_lock_t;
typedef unsigned long osq_lock_state_t;

static inline int osq_port_lock_init(osq_lock_t *lock)
{
	raw_spin_lock_init(lock);
	return 0;
}

static inline void osq_port_lock_exit(osq_lock_t *lock)
{
	(void)lock;
}

static inline osq_lock_state_t osq_port_lock(osq_lock_t *lock)
{
	unsigned long flags;

	raw_spin_lock_irqsave(lock, flags);
	return flags;
}

static inline void osq_port_unlock(osq_lock_t *lock, osq_lock_state_t state)
{
	raw_spin_unlock_irqrestore(lock, state);
}

static inline uint32_t osq_port_load_relaxed(const uint32_t *address)
{
	return READ_ONCE(*address);
}

static inline uint32_t osq_port_load_acquire(const uint32_t *address)
{
	return smp_load_acquire(address);
}

static inline void osq_port_store_relaxed(uint32_t *address, uint32_t value)
{
	WRITE_ONCE(*address, value);
}

static inline void osq_port_store_release(uint32_t *address, uint32_t value)
{
	smp_store_release(address, value);
}

/* xchg is a full barrier on every architecture of Linux. */
static inline uint32_t osq_port_exchange_full(uint32_t *address, uint32_t value)
{
	return xchg(address, value);
}

static inline uint64_t osq_port_load64_relaxed(const uint64_t *address)
{
	return READ_ONCE(*address);
}

static inline void osq_port_store64_relaxed(uint64_t *address, uint64_t value)
{
	WRITE_ONCE(*address, value);
}

static inline void osq_port_copy(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}

static inline void osq_port_zero(void *address, size_t size)
{
	memset(address, 0, size);
}

/* ktime_get_seconds() counts from boot, without the time that the machine was suspended. */
static inline void osq_port_seconds(uint32_t *epoch, uint32_t *uptime)
{
	*epoch = (uint32_t)ktime_get_real_seconds();
	*uptime = (uint32_t)ktime_get_seconds();
}

#define osq_port_prefetch_write(address) prefetchw(address)

#endif
