/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The Linux kernel under the log channel. A raw lock with interrupts off: messages come from
 * anywhere. Hence nothing under it wakes anybody: the waker may hold the scheduler's locks.
 */
#ifndef OSQ_LOG_PORT_IMPL_H
#define OSQ_LOG_PORT_IMPL_H

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "log.h"

typedef unsigned long osq_log_lock_state_t;

osq_log_lock_state_t osq_log_port_lock(void);
void osq_log_port_unlock(osq_log_lock_state_t state);

static inline uint64_t osq_log_port_time(void)
{
	return ktime_get_mono_fast_ns();
}

static inline uint64_t osq_log_port_epoch(void)
{
	return ktime_get_real_fast_ns();
}

static inline void osq_log_port_who(int32_t *pid, uint64_t *tid)
{
	*pid = in_task() ? current->tgid : 0;
	*tid = in_task() ? (uint64_t)current->pid : 0;
}

#define osq_log_port_format vsnprintf

int osq_log_port_put(struct osq_log_subscriber *subscriber, const struct osq_log_record *record);
void osq_log_port_wake(void);
void osq_log_port_system_log(int32_t level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
