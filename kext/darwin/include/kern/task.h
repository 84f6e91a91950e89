/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_TASK_H
#define OSQ_KPI_TASK_H

#include <mach/mach_types.h>

task_t current_task(void); /* without a reference */
void task_reference(task_t task);

#endif
