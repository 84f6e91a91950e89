// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "callbacks.h"

#include <IOKit/IOLib.h>

#define SETTLE_MS 100 /* ten of XNU's time slices */

/* Of all callbacks together, since the extension is there. */
static uint32_t entered, left;

void osq_callbacks_enter(struct osq_callbacks *callbacks)
{
	__atomic_fetch_add(&entered, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&callbacks->inside, 1, __ATOMIC_SEQ_CST);
}

void osq_callbacks_leave(struct osq_callbacks *callbacks)
{
	__atomic_fetch_sub(&callbacks->inside, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&left, 1, __ATOMIC_SEQ_CST);
}

void osq_callbacks_drain(const struct osq_callbacks *callbacks)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (__atomic_load_n(&callbacks->inside, __ATOMIC_SEQ_CST))
		IOSleep(1);
}

void osq_callbacks_settle(void)
{
	uint32_t before;

	do {
		before = __atomic_load_n(&entered, __ATOMIC_SEQ_CST);
		IOSleep(SETTLE_MS);
	} while (__atomic_load_n(&left, __ATOMIC_SEQ_CST) != before ||
	         __atomic_load_n(&entered, __ATOMIC_SEQ_CST) != before);
}
