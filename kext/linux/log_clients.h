/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The log channel's clients. Each has a pipe that it reads from, and a buffer of ours before that:
 * a message goes into the buffer from wherever it arises, and a thread carries it to the pipe. So
 * a reader waits on the kernel's own object and keeps nothing of the module's: it sees the pipe's
 * end when the module goes.
 */
#ifndef OSQ_LOG_CLIENTS_H
#define OSQ_LOG_CLIENTS_H

#include "osq_log.h"

/* All: 0 or a negative errno. */

int osq_log_clients_init(void);

/* Gives those who read a moment to read it all; what they leave is told in the system's log. */
void osq_log_clients_exit(void);

/* `pipe`: a descriptor of the calling process. */
int osq_log_clients_connect(int pipe, int32_t level, uint32_t *unit);

int osq_log_clients_set_level(uint32_t unit, int32_t level);

/* Unit 0 is nobody's. What it says is delivered is in the pipes when this returns, or they are
 * full. */
int osq_log_clients_statistics(uint32_t unit, struct osq_log_statistics *statistics);

#endif
