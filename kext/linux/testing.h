/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What only a test build has: the TEST request, and many open descriptors at once. */
#ifndef OSQ_TESTING_H
#define OSQ_TESTING_H

#include <linux/types.h>

#ifdef OSQ_TEST_BUILD

static inline bool osq_testing_many_openers(void)
{
	return true;
}

/* The state of one open descriptor. */
int osq_testing_open(void **state);
void osq_testing_close(void *state);

/* TEST; the event's kind is read from user memory. */
long osq_testing_produce(void *state, const void __user *argument);

#else

#include <linux/errno.h>

static inline bool osq_testing_many_openers(void)
{
	return false;
}

static inline int osq_testing_open(void **state)
{
	return 0;
}

static inline void osq_testing_close(void *state)
{
}

static inline long osq_testing_produce(void *state, const void __user *argument)
{
	return -ENOTTY;
}

#endif
#endif
