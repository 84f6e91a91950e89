/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel's log, a line at a time, each with its time. */
#ifndef GUEST_LOG_ENTRIES_H
#define GUEST_LOG_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_time;

struct log_entries {
	char *text;
	struct log_time *times;
	size_t length, time_count;
	size_t at, next_time;
};

struct log_entry {
	const char *text; /* without its end */
	size_t length;
	uint64_t time; /* microseconds since 1970 */
};

/* Of what is in the log now; false with errno. */
bool log_entries_open(struct log_entries *entries);
bool log_entries_next(struct log_entries *entries, struct log_entry *entry);
void log_entries_close(struct log_entries *entries);

#endif
