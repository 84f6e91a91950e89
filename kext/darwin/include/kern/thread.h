/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_THREAD_H
#define OSQ_KPI_THREAD_H

#include <mach/mach_types.h>

thread_t current_thread(void); /* without a reference */

#endif
