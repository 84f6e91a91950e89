/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * XNU under the log channel. A mutex: what a client has not read yet is in its socket's buffer,
 * and behind that socket's mutex. So no messages under a spin lock.
 */
#ifndef OSQ_LOG_PORT_IMPL_H
#define OSQ_LOG_PORT_IMPL_H

#include <kern/clock.h>
#include <kern/thread.h>
#include <libkern/libkern.h>
#include <stdarg.h>
#include <sys/proc.h>
#include <sys/time.h>

#include "exported.h"
#include "log.h"

typedef int osq_log_lock_state_t;

osq_log_lock_state_t osq_log_port_lock(void);
void osq_log_port_unlock(osq_log_lock_state_t state);

static inline uint64_t osq_log_port_time(void)
{
	uint64_t nanoseconds;

	absolutetime_to_nanoseconds(mach_absolute_time(), &nanoseconds);
	return nanoseconds;
}

static inline uint64_t osq_log_port_epoch(void)
{
	struct timespec now;

	nanotime(&now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Before macOS 10.12 nothing tells an extension the thread's number: 0. */
static inline void osq_log_port_who(int32_t *pid, uint64_t *tid)
{
	*pid = proc_selfpid();
	*tid = OSQ_IS_RESOLVED(osq_thread_id) ? osq_thread_id(current_thread()) : 0;
}

#define osq_log_port_format vsnprintf

int osq_log_port_put(struct osq_log_subscriber *subscriber, const struct osq_log_record *record);

/* The kernel wakes a socket's readers itself. */
static inline void osq_log_port_wake(void)
{
}

void osq_log_port_system_log(int32_t level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
