/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A client of the log channel that checks each record against what the contract says of records. */
#ifndef OSQ_LOG_READER_H
#define OSQ_LOG_READER_H

#include "osq_log_client.h"

#ifdef __linux__
#ifndef KEXTHOST
#define LOG_CHANNEL "/proc/osquery_log"
#endif
#endif
#ifndef LOG_CHANNEL
#define LOG_CHANNEL "com.facebook.security.osquery.log"
#endif

struct log_reader {
	struct osq_log_client *client;
	char *bytes; /* read and not given yet: from `from` to `to` */
	size_t from, to;
	uint64_t sequence, time; /* of the record before */
	uint64_t dropped;
};

/* False and a failure where it cannot. */
bool log_reader_open(struct log_reader *reader, int32_t level);
void log_reader_close(struct log_reader *reader);

/*
 * The next record: false when none came in so many milliseconds, at the end of the channel, and
 * with a failure for one that is damaged. `text` has room for OSQ_LOG_TEXT_MAX and a NUL.
 */
bool log_reader_next(struct log_reader *reader, struct osq_log_record *record, char *text,
                     int milliseconds);

/* Reads to the end of the channel: whether it came in so many milliseconds. */
bool log_reader_end(struct log_reader *reader, int milliseconds);

/* Has the kernel make messages: the nanoseconds that it took; 0 and a failure where it does not. */
uint64_t log_reader_say(struct log_reader *reader, struct osq_log_test test);

/* With the extension making messages of all levels, until it is closed by log_reader_close_all. */
bool log_reader_open_all(struct log_reader *reader, int32_t level);
void log_reader_close_all(struct log_reader *reader);

struct osq_log_statistics log_reader_statistics(struct log_reader *reader);

/*
 * One of the extension's own numbers, by its name in struct osq_log_statistics: as an administrator
 * reads it, who is no client and asks nothing of the channel.
 */
uint64_t log_reader_count(const char *name);

/* The extension's level; its level before. */
int32_t log_reader_set_kernel_level(struct log_reader *reader, int32_t level);

#endif
