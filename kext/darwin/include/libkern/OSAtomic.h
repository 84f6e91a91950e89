/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_ATOMIC_H
#define OSQ_KPI_ATOMIC_H

#include <stdint.h>

/* Give what was there before. Full barriers. */
int64_t OSAddAtomic64(int64_t amount, volatile int64_t *address);

#endif
