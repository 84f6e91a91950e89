/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Which process executes: who it is, by the thread that does it. */
#ifndef OSQ_EXECUTIONS_H
#define OSQ_EXECUTIONS_H

#include "event.h"

/* 0 or ENOMEM. */
int osq_executions_init(void);
void osq_executions_exit(void);

/* 0 or an errno. Between start and stop the kernel tells of each execution. */
int osq_executions_start(void);
void osq_executions_stop(void);

/*
 * The process that the calling thread is giving a new program to; false where it was not told of,
 * as when it had begun before start. Each is there to be taken once.
 */
bool osq_executions_take(struct osq_identity *identity);

#endif
