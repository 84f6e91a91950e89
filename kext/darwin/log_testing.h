/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The log channel's test request: in a test build, messages of many threads. */
#ifndef OSQ_LOG_TESTING_H
#define OSQ_LOG_TESTING_H

#include <stddef.h>
#include <sys/errno.h>

#ifdef OSQ_TEST_BUILD

/* A struct osq_log_test, which is read and answered in place. 0 or an errno. */
int osq_log_testing_run(void *data, size_t *length);

#else

static inline int osq_log_testing_run(void *data, size_t *length)
{
	(void)data;
	(void)length;
	return ENOPROTOOPT;
}

#endif
#endif
