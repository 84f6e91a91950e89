/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Which entries log shows: conditions joined by AND (or &&), as much of Apple's predicates as tell
 * entries of the kernel apart. `process == "kernel"`, `processID == 0`,
 * `eventMessage CONTAINS[c] "text"`, `eventMessage BEGINSWITH "text"`, and != for ==.
 */
#ifndef GUEST_LOG_PREDICATE_H
#define GUEST_LOG_PREDICATE_H

#include <stdbool.h>

#define LOG_CONDITIONS_MAX 8

struct log_entry;

struct log_condition {
	bool fixed, truth; /* the same for all: whether they satisfy it */
	enum { LOG_CONTAINS, LOG_BEGINS } comparison;
	bool any_case;
	char text[256];
};

struct log_predicate {
	struct log_condition conditions[LOG_CONDITIONS_MAX];
	int count;
};

/* False for what it does not understand. */
bool log_predicate_read(const char *text, struct log_predicate *predicate);
bool log_predicate_holds(const struct log_predicate *predicate, const struct log_entry *entry);

#endif
