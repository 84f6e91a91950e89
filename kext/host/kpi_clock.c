// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Absolute time counts nanoseconds, as on every x86_64 Mac. */
#include <stdint.h>
#include <time.h>

#include "kpi.h"
#include "wait.h"

#define SECOND 1000000000u

struct darwin_timeval {
	int64_t seconds;
	int32_t microseconds;
};

struct darwin_timespec {
	int64_t seconds;
	int64_t nanoseconds;
};

static uint64_t calendar(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void to_timeval(struct darwin_timeval *to, uint64_t time)
{
	to->seconds = (int64_t)(time / SECOND);
	to->microseconds = (int32_t)(time % SECOND / 1000);
}

static void to_timespec(struct darwin_timespec *to, uint64_t time)
{
	to->seconds = (int64_t)(time / SECOND);
	to->nanoseconds = (int64_t)(time % SECOND);
}

static void kernel_microtime(struct darwin_timeval *time)
{
	to_timeval(time, calendar());
}

static void kernel_microuptime(struct darwin_timeval *time)
{
	to_timeval(time, clock_uptime());
}

static void kernel_nanotime(struct darwin_timespec *time)
{
	to_timespec(time, calendar());
}

static void kernel_nanouptime(struct darwin_timespec *time)
{
	to_timespec(time, clock_uptime());
}

static uint64_t kernel_mach_absolute_time(void)
{
	return clock_uptime();
}

static void kernel_clock_get_uptime(uint64_t *time)
{
	*time = clock_uptime();
}

static void split(uint64_t time, uint32_t unit, uint32_t *seconds, uint32_t *rest)
{
	*seconds = (uint32_t)(time / SECOND);
	*rest = (uint32_t)(time % SECOND) / unit;
}

static void kernel_clock_get_system_microtime(uint32_t *seconds, uint32_t *microseconds)
{
	split(clock_uptime(), 1000, seconds, microseconds);
}

static void kernel_clock_get_system_nanotime(uint32_t *seconds, uint32_t *nanoseconds)
{
	split(clock_uptime(), 1, seconds, nanoseconds);
}

static void kernel_clock_get_calendar_microtime(uint32_t *seconds, uint32_t *microseconds)
{
	split(calendar(), 1000, seconds, microseconds);
}

static void kernel_clock_get_calendar_nanotime(uint32_t *seconds, uint32_t *nanoseconds)
{
	split(calendar(), 1, seconds, nanoseconds);
}

static void kernel_clock_timebase_info(uint32_t *fraction)
{
	fraction[0] = fraction[1] = 1;
}

static void kernel_clock_interval_to_deadline(uint32_t interval, uint32_t scale, uint64_t *deadline)
{
	*deadline = clock_uptime() + (uint64_t)interval * scale;
}

static void kernel_clock_interval_to_absolutetime_interval(uint32_t interval, uint32_t scale,
                                                           uint64_t *result)
{
	*result = (uint64_t)interval * scale;
}

static void kernel_clock_absolutetime_interval_to_deadline(uint64_t interval, uint64_t *deadline)
{
	*deadline = clock_uptime() + interval;
}

static void kernel_absolutetime_to_nanoseconds(uint64_t time, uint64_t *nanoseconds)
{
	*nanoseconds = time;
}

static void kernel_nanoseconds_to_absolutetime(uint64_t nanoseconds, uint64_t *time)
{
	*time = nanoseconds;
}

static void kernel_IOSleep(unsigned int milliseconds)
{
	wait_for((uint64_t)milliseconds * 1000000);
}

static void kernel_IODelay(unsigned int microseconds)
{
	const uint64_t end = clock_uptime() + (uint64_t)microseconds * 1000;

	while (clock_uptime() < end)
		__builtin_ia32_pause();
}

static void kernel_clock_delay_until(uint64_t deadline)
{
	const uint64_t now = clock_uptime();

	if (deadline > now)
		wait_for(deadline - now);
}

/* The machine does not sleep. */
static uint64_t kernel_mach_continuous_time(void)
{
	return clock_uptime();
}

const struct kpi_symbol kpi_clock[] = {
    KPI_FUNCTION(KPI_MACH, clock_delay_until),
    KPI_FUNCTION(KPI_MACH, mach_continuous_time),
    KPI_FUNCTION(KPI_BSD, microtime),
    KPI_FUNCTION(KPI_BSD, microuptime),
    KPI_FUNCTION(KPI_BSD, nanotime),
    KPI_FUNCTION(KPI_BSD, nanouptime),
    KPI_FUNCTION(KPI_MACH, mach_absolute_time),
    KPI_FUNCTION(KPI_MACH, clock_get_uptime),
    KPI_FUNCTION(KPI_MACH, clock_get_system_microtime),
    KPI_FUNCTION(KPI_MACH, clock_get_system_nanotime),
    KPI_FUNCTION(KPI_MACH, clock_get_calendar_microtime),
    KPI_FUNCTION(KPI_MACH, clock_get_calendar_nanotime),
    KPI_FUNCTION(KPI_MACH, clock_timebase_info),
    KPI_FUNCTION(KPI_MACH, clock_interval_to_deadline),
    KPI_FUNCTION(KPI_MACH, clock_interval_to_absolutetime_interval),
    KPI_FUNCTION(KPI_MACH, clock_absolutetime_interval_to_deadline),
    KPI_FUNCTION(KPI_MACH, absolutetime_to_nanoseconds),
    KPI_FUNCTION(KPI_MACH, nanoseconds_to_absolutetime),
    KPI_FUNCTION(KPI_IOKIT, IOSleep),
    KPI_FUNCTION(KPI_IOKIT, IODelay),
    {0},
};
