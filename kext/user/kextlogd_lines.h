/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What stands in the log: a line for each message, and lines of the daemon's own (notes), which
 * tell what became of the messages that have none. As JSON objects or as text.
 */
#ifndef KEXTLOGD_LINES_H
#define KEXTLOGD_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osq_log.h"

#define LOGD_LINE_MAX    8192 /* bytes, newline and all: each byte of a text may become six */
#define LOGD_CHANNEL_MAX 255  /* bytes of a channel's name */

struct logd_lines {
	bool json;
	const char *channel;
	int64_t offset; /* nanoseconds, from the extension's clock to the time since 1970 */

	uint64_t second; /* since 1970, which `date` is of */
	char date[32];
};

/* In the order in which a connection's are made up for, when they could not be written: counts
 * begin anew with the first one, and end with the last one. */
enum logd_note_kind {
	LOGD_NOTE_CONNECTED,    /* with the level; other: when the extension was loaded, or 0 */
	LOGD_NOTE_UNWRITTEN,    /* count messages, for the reason */
	LOGD_NOTE_DROPPED,      /* count messages; total; other: sequence of the next, or 0 */
	LOGD_NOTE_LOST,         /* count messages; total; other: those in the system log */
	LOGD_NOTE_DAMAGED,      /* count bytes */
	LOGD_NOTE_DISCONNECTED, /* for the reason; count messages, total dropped, and the account */
	LOGD_NOTE_KINDS,
};

struct logd_note {
	enum logd_note_kind kind;
	uint64_t time; /* as records tell it */
	uint64_t count, total, other;
	int32_t level;
	const char *reason;
	const struct osq_log_statistics *account; /* the extension's own; NULL: unknown */
};

/* The level of this name (`off` too), or 0. */
int32_t logd_level_parse(const char *name);
/* The name of a level, from OSQ_LOG_TRACE to OSQ_LOG_OFF. */
const char *logd_level_name(int32_t level);

/* Write a line to `out`, which has room for LOGD_LINE_MAX bytes; its length. */
size_t logd_lines_message(struct logd_lines *lines, char *out, const struct osq_log_record *record,
                          const char *text);
size_t logd_lines_note(struct logd_lines *lines, char *out, const struct logd_note *note);

#endif
