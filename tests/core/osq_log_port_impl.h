/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The log channel's port to a user program: see kext/core/log_port.h. */
#ifndef OSQ_LOG_PORT_IMPL_H
#define OSQ_LOG_PORT_IMPL_H

#include <stdarg.h>
#include <stdio.h>

#include "log.h"

typedef int osq_log_lock_state_t;

osq_log_lock_state_t osq_log_port_lock(void);
void osq_log_port_unlock(osq_log_lock_state_t state);
uint64_t osq_log_port_time(void);

static inline uint64_t osq_log_port_epoch(void)
{
	return 1000000007;
}

static inline void osq_log_port_who(int32_t *pid, uint64_t *tid)
{
	*pid = 7;
	*tid = 8;
}

#define osq_log_port_format vsnprintf

int osq_log_port_put(struct osq_log_subscriber *subscriber, const struct osq_log_record *record);
void osq_log_port_wake(void);
void osq_log_port_system_log(int32_t level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
