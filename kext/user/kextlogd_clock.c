// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_clock.h"

#include <stddef.h>
#include <sys/time.h>

#define SECOND UINT64_C(1000000000)

/* macOS before 10.12 has no clock_gettime(2). */
uint64_t logd_clock_wall(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_usec * 1000;
}

#ifdef __APPLE__

#include <mach/mach_time.h>

uint64_t logd_clock_uptime(void)
{
	mach_timebase_info_data_t base;
	uint64_t now = mach_absolute_time();

	mach_timebase_info(&base);
	/* In two parts: the product of the whole would not fit after some days. */
	return now / base.denom * base.numer + now % base.denom * base.numer / base.denom;
}

#else

#include <time.h>

uint64_t logd_clock_uptime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

#endif
