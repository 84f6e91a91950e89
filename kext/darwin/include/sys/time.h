/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_TIME_H
#define OSQ_KPI_TIME_H

#include <stddef.h>

struct timespec {
	long tv_sec;
	long tv_nsec;
};

struct timeval {
	long tv_sec;
	int tv_usec;
};
_Static_assert(sizeof(struct timespec) == 16, "timespec");
_Static_assert(sizeof(struct timeval) == 16 && offsetof(struct timeval, tv_usec) == 8, "timeval");

void microtime(struct timeval *since_the_epoch);
void nanotime(struct timespec *since_the_epoch);
void microuptime(struct timeval *since_boot); /* stands still while the machine sleeps */

#endif
