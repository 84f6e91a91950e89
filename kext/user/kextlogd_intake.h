/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What is read of a channel, on its way to the queue.
 *
 * The queue is full while lines are written more slowly than messages come: then nothing is read,
 * and the extension counts what it drops. Where nothing is written at all for a while, messages are
 * read on and counted here: an extension that is being unloaded waits for its readers.
 */
#ifndef KEXTLOGD_INTAKE_H
#define KEXTLOGD_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "kextlogd_queue.h"

struct logd_intake {
	struct logd_queue *queue;
	unsigned char *buffer;
	size_t length;    /* bytes in it: a part of a record */
	int32_t level;    /* what is below it is left out */
	uint64_t damaged; /* bytes; not yet told */
	uint64_t unread;  /* messages that came while nothing was written; not yet told */
	bool stuck;       /* nothing can be put */
	bool reopens;     /* SIGHUP has come; not yet told, with the level that is durable then */
	int32_t durable;
	bool closing;                      /* the last record has come */
	struct osq_log_statistics told;    /* to the writer, last */
	struct osq_log_statistics account; /* the extension's, last */
	bool has_account;
};

/* -1 with errno. */
int logd_intake_init(struct logd_intake *intake, struct logd_queue *queue);
void logd_intake_exit(struct logd_intake *intake);

/* Waits for room, however long that takes. Not while a channel is open: an extension that is being
 * unloaded waits for its readers. */
void logd_intake_wait_for_room(struct logd_intake *intake);

/* A connection, with what the extension counts then: zeroes but for the clocks where nobody says.
 * Room has been waited for before. */
void logd_intake_connect(struct logd_intake *intake, const struct logd_connected *connected);

/* Makes room for the next bytes and what else is put before those; or sees that there is none. */
void logd_intake_make_room(struct logd_intake *intake);

/* Where they are to be read to. */
unsigned char *logd_intake_room(const struct logd_intake *intake, size_t *size);

/* So many were. */
void logd_intake_take(struct logd_intake *intake, size_t count);

/* What no record tells, because none came since. */
void logd_intake_account(struct logd_intake *intake, const struct osq_log_statistics *account);

/* SIGHUP: the level that is to be durable from now on. It is put as soon as there is room. */
void logd_intake_reopen(struct logd_intake *intake, int32_t durable);

/* The connection's end, and that of it all. */
void logd_intake_disconnect(struct logd_intake *intake, const char *reason);
void logd_intake_end(struct logd_intake *intake);

#endif
