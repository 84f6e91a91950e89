/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the log channel needs from the system, beside port.h: each port has an
 * "osq_log_port_impl.h" that declares all this, as inline functions, macros or functions.
 *
 *   va_list, and for each channel (an extension has one):
 *   osq_log_lock_state_t
 *   osq_log_lock_state_t osq_log_port_lock(void)
 *   void osq_log_port_unlock(osq_log_lock_state_t)
 *
 *   uint64_t osq_log_port_time(void)      nanoseconds since boot, without sleep
 *   uint64_t osq_log_port_epoch(void)     nanoseconds since 1970
 *   void osq_log_port_who(int32_t *pid, uint64_t *tid)
 *   int  osq_log_port_format(char *, size_t, const char *format, va_list)   as vsnprintf
 *
 *   int  osq_log_port_put(struct osq_log_subscriber *, const struct osq_log_record *)
 *                                         under the lock. 0, ENOBUFS when its buffer is full, or
 *                                         ENOMEM
 *   void osq_log_port_wake(void)          after something was put, without the lock
 *   void osq_log_port_system_log(int32_t level, const char *format, ...)    a line
 */
#ifndef OSQ_LOG_PORT_H
#define OSQ_LOG_PORT_H

#include "log.h"

#include "osq_log_port_impl.h"

#endif
