// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "callbacks.h"

#include <IOKit/IOLib.h>

#define SETTLE_MS 100 /* ten of XNU's time slices */

void osq_callbacks_enter(struct osq_callbacks *callbacks)
{
	__atomic_fetch_add(&callbacks->inside, 1, __ATOMIC_SEQ_CST);
}

void osq_callbacks_leave(struct osq_callbacks *callbacks)
{
	__atomic_fetch_sub(&callbacks->inside, 1, __ATOMIC_SEQ_CST);
}

void osq_callbacks_drain(const struct osq_callbacks *callbacks)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (__atomic_load_n(&callbacks->inside, __ATOMIC_SEQ_CST))
		IOSleep(1);
}

void osq_callbacks_settle(void)
{
	IOSleep(SETTLE_MS);
}
