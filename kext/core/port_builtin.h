/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The part of a port that compilers bring along, for ports without a kernel's own functions for it.
 * Included by an osq_port_impl.h behind its system's <stdint.h>, <stddef.h> and <string.h>.
 */
#ifndef OSQ_PORT_BUILTIN_H
#define OSQ_PORT_BUILTIN_H

static inline uint32_t osq_port_load_relaxed(const uint32_t *address)
{
	return __atomic_load_n(address, __ATOMIC_RELAXED);
}

static inline uint32_t osq_port_load_acquire(const uint32_t *address)
{
	return __atomic_load_n(address, __ATOMIC_ACQUIRE);
}

static inline void osq_port_store_relaxed(uint32_t *address, uint32_t value)
{
	__atomic_store_n(address, value, __ATOMIC_RELAXED);
}

static inline void osq_port_store_release(uint32_t *address, uint32_t value)
{
	__atomic_store_n(address, value, __ATOMIC_RELEASE);
}

static inline uint64_t osq_port_load64_relaxed(const uint64_t *address)
{
	return __atomic_load_n(address, __ATOMIC_RELAXED);
}

static inline void osq_port_store64_relaxed(uint64_t *address, uint64_t value)
{
	__atomic_store_n(address, value, __ATOMIC_RELAXED);
}

static inline void osq_port_copy(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}

static inline void osq_port_zero(void *address, size_t size)
{
	memset(address, 0, size);
}

#define osq_port_prefetch_write(address) __builtin_prefetch((address), 1)

#endif
