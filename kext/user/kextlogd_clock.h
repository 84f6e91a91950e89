/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Nanoseconds. */
#ifndef KEXTLOGD_CLOCK_H
#define KEXTLOGD_CLOCK_H

#include <stdint.h>

/* Since 1970. */
uint64_t logd_clock_wall(void);

/* Since boot without the time that the machine slept: as records tell it. */
uint64_t logd_clock_uptime(void);

#endif
