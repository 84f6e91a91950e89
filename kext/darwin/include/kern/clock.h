/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_CLOCK_H
#define OSQ_KPI_CLOCK_H

#include <stdint.h>

uint64_t mach_absolute_time(void); /* since boot; stands still while the machine sleeps */
void absolutetime_to_nanoseconds(uint64_t time, uint64_t *nanoseconds);

#endif
