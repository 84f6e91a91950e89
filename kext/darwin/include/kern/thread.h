/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_THREAD_H
#define OSQ_KPI_THREAD_H

#include <mach/mach_types.h>

thread_t current_thread(void); /* without a reference */

typedef void (*thread_continue_t)(void *parameter, int result);

/* The thread comes with a reference. */
kern_return_t kernel_thread_start(thread_continue_t function, void *parameter, thread_t *thread);
void thread_deallocate(thread_t thread);
kern_return_t thread_terminate(thread_t thread); /* of the calling one; does not return then */

#endif
