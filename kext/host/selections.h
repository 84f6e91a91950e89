/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Threads that wait for one of several things to be ready: select. What is waited for is a
 * `selinfo`, of which only the address counts: its size is nobody's to know.
 */
#ifndef KEXTHOST_SELECTIONS_H
#define KEXTHOST_SELECTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct selection_record;

/* One thread's select, from begin to end. */
struct selection {
	struct selection_record *records;
	bool woken;
};

void selection_begin(struct selection *selection);

/* Whoever wakes `selinfo` from now on wakes this thread. */
void selection_record(struct selection *selection, const void *selinfo);

/* WAIT_*: at once where something that was recorded was woken; forgets the records. */
int selection_wait(struct selection *selection, uint64_t deadline);
void selection_end(struct selection *selection);

void selections_wake(const void *selinfo);

/* Nobody waits for it any more. */
void selections_forget(const void *selinfo);

#endif
