/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The threads that may run a kext's code: as a kernel's processors, all stop for the debugger. */
#ifndef KEXTHOST_KDP_THREADS_H
#define KEXTHOST_KDP_THREADS_H

#include <stdbool.h>

/* Before the first thread. */
void kdp_threads_init(void);

/* Of the calling thread, before it runs a kext's code and after it. Waits while all are stopped. */
void kdp_threads_enter(void);
void kdp_threads_leave(void);

/* All others stand still from stop to go; who else wants to stop them waits. False where one of
 * them does not within a few seconds. */
bool kdp_threads_stop(void);
void kdp_threads_go(void);
bool kdp_threads_are_stopped(void);

#endif
