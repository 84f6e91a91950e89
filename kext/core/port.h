/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the portable core needs from the system it is built for.
 *
 * Each port has a directory on the include path with an "osq_port_impl.h" that defines everything
 * below, as types, inline functions or macros. The core includes nothing else.
 *
 *   Types          bool, size_t, intN_t, uintN_t; NULL, INT32_MAX; EINVAL, EIO, EBUSY (positive)
 *
 *   osq_lock_t     a lock held for some ten instructions, usable wherever events arise; its holder
 *                  must not be preempted for long: a kernel turns preemption (and, where events
 *                  arise in interrupts, those) off, a program gives its time to the holder
 *   osq_lock_state_t               what unlock needs to restore, passed by value
 *   int  osq_port_lock_init(osq_lock_t *)                       0 or an errno
 *   void osq_port_lock_exit(osq_lock_t *)
 *   osq_lock_state_t osq_port_lock(osq_lock_t *)                acquire
 *   void osq_port_unlock(osq_lock_t *, osq_lock_state_t)        release
 *
 *   Atomics; the ordering is in the name. "full" means: nothing before it is seen after it and
 *   nothing after it is seen before it, by anyone.
 *   uint32_t osq_port_load_relaxed(const uint32_t *)
 *   uint32_t osq_port_load_acquire(const uint32_t *)
 *   void     osq_port_store_relaxed(uint32_t *, uint32_t)
 *   void     osq_port_store_release(uint32_t *, uint32_t)
 *   uint32_t osq_port_exchange_full(uint32_t *, uint32_t)       the value before
 *   uint64_t osq_port_load64_relaxed(const uint64_t *)
 *   void     osq_port_store64_relaxed(uint64_t *, uint64_t)
 *
 *   void osq_port_copy(void *to, const void *from, size_t)      the two do not overlap
 *   void osq_port_zero(void *, size_t)
 *   void osq_port_seconds(uint32_t *epoch, uint32_t *uptime)    cheap; whole seconds will do
 *
 *   Optional:
 *   osq_port_prefetch_write(address)    a hint; the address may be anything
 *   osq_port_pause_point()              where the tests let a producer lose the processor
 *   osq_port_linger()                   about a microsecond before a sync looks at the head: a
 *                                       reader that polls takes the head's line from the producers
 *                                       each time; nothing where each sync is a system call, which
 *                                       takes as long by itself
 */
#ifndef OSQ_PORT_H
#define OSQ_PORT_H

#include "osq_port_impl.h"

#ifndef osq_port_prefetch_write
#define osq_port_prefetch_write(address) ((void)(address))
#endif
#ifndef osq_port_pause_point
#define osq_port_pause_point() ((void)0)
#endif
#ifndef osq_port_linger
#define osq_port_linger() ((void)0)
#endif

#define OSQ_CACHE_LINE 64

#endif
