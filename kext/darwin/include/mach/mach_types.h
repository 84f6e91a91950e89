/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_MACH_TYPES_H
#define OSQ_KPI_MACH_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef int kern_return_t;

#define KERN_SUCCESS 0
#define KERN_FAILURE 5

typedef struct task *task_t;
typedef struct thread *thread_t;

/* The loader's own; opaque to the start and stop functions that are handed it. */
typedef struct kmod_info kmod_info_t;

#endif
