/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The log channel's test request: in a test build, messages of many threads and interrupts. */
#ifndef OSQ_LOG_TESTING_H
#define OSQ_LOG_TESTING_H

#ifdef OSQ_TEST_BUILD

/* Ends early, with -EINTR, when the process is being killed. */
long osq_log_testing_run(void __user *argument);

#else

#include <linux/errno.h>

static inline long osq_log_testing_run(void __user *argument)
{
	return -EOPNOTSUPP;
}

#endif
#endif
