/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * How many of the kernel's threads are in a callback of the extension's: XNU does not tell, and
 * taking a callback back does not wait for those that are on their way.
 */
#ifndef OSQ_CALLBACKS_H
#define OSQ_CALLBACKS_H

#include <stdint.h>

struct osq_callbacks {
	uint32_t inside;
};

/*
 * First and last in a callback. What is written before drain is called is seen by whoever enters
 * too late for drain to wait for.
 */
void osq_callbacks_enter(struct osq_callbacks *callbacks);
void osq_callbacks_leave(struct osq_callbacks *callbacks);

/* Waits until nobody is inside. */
void osq_callbacks_drain(const struct osq_callbacks *callbacks);

/*
 * Before the extension's code may go. A thread has no business with it any more, and still has a
 * handful of instructions to run that no count of ours can cover: between the kernel's reading of
 * a callback's address and the callback's first instruction, or between its counting itself out
 * and its return. Such a thread is ready to run; this gives it the time to, and begins anew
 * whenever one has come in meanwhile.
 */
void osq_callbacks_settle(void);

#endif
