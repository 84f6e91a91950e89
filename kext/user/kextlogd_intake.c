// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kextlogd_clock.h"
#include "kextlogd_records.h"

/* Larger than what the kernel has for a client: so one read empties that. */
#define BUFFER_SIZE (1u << 20)
_Static_assert(BUFFER_SIZE > OSQ_LOG_BUFFER, "the buffer");

/*
 * What one read may become: the smallest records, each behind a byte of damage, which need half as
 * much again; and the ring's end. And what else is told before the next read.
 */
#define READ_ROOM   (2 * BUFFER_SIZE + LOGD_ITEM_ROOM(OSQ_LOG_RECORD_MAX) + 4096)

/* Half of what an XNU extension has for its clients to go. */
#define PATIENCE_MS 500

#define JUMP        INT64_C(1000000000) /* of the date, against the extension's clock */

int logd_intake_init(struct logd_intake *intake, struct logd_queue *queue)
{
	*intake = (struct logd_intake){.queue = queue, .buffer = malloc(BUFFER_SIZE)};
	return intake->buffer ? 0 : -1;
}

void logd_intake_exit(struct logd_intake *intake)
{
	free(intake->buffer);
}

static void put(struct logd_intake *intake, enum logd_kind kind, const void *payload, size_t size)
{
	memcpy(logd_queue_put(intake->queue, kind, size), payload, size);
}

static void put_count(struct logd_intake *intake, enum logd_kind kind, uint64_t *count)
{
	const struct logd_gap gap = {logd_clock_wall(), *count};

	if (*count)
		put(intake, kind, &gap, sizeof(gap));
	*count = 0;
}

/* What could not be put comes first. */
static void put_waiting(struct logd_intake *intake)
{
	put_count(intake, LOGD_ITEM_UNREAD, &intake->unread);
	if (!intake->reopens)
		return;
	intake->reopens = false;
	put(intake, LOGD_ITEM_REOPEN, &intake->durable, sizeof(intake->durable));
	logd_queue_publish(intake->queue);
}

void logd_intake_wait_for_room(struct logd_intake *intake)
{
	logd_queue_reserve(intake->queue, READ_ROOM);
	intake->stuck = false;
	put_waiting(intake);
}

void logd_intake_make_room(struct logd_intake *intake)
{
	/* Once it was in vain to wait, there is no hurry. */
	const int patience = intake->stuck ? 0 : PATIENCE_MS;

	intake->stuck = !logd_queue_try_reserve(intake->queue, READ_ROOM, patience);
	if (!intake->stuck)
		put_waiting(intake);
}

unsigned char *logd_intake_room(const struct logd_intake *intake, size_t *size)
{
	*size = BUFFER_SIZE - intake->length;
	return intake->buffer + intake->length;
}

void logd_intake_connect(struct logd_intake *intake, const struct logd_connected *connected)
{
	intake->length = 0;
	intake->damaged = 0;
	intake->closing = intake->has_account = false;
	intake->told = connected->statistics;
	intake->told.client_dropped = 0; /* the connection's line tells none */
	put(intake, LOGD_ITEM_CONNECTED, connected, sizeof(*connected));
	logd_queue_publish(intake->queue);
}

void logd_intake_account(struct logd_intake *intake, const struct osq_log_statistics *account)
{
	struct osq_log_statistics *told = &intake->told;
	const int64_t jump = (int64_t)(account->epoch - account->time - (told->epoch - told->time));

	intake->account = *account;
	intake->has_account = true;
	if (intake->stuck ||
	    (account->client_dropped == told->client_dropped && jump < JUMP && jump > -JUMP))
		return;
	*told = *account;
	put(intake, LOGD_ITEM_STATISTICS, told, sizeof(*told));
	logd_queue_publish(intake->queue);
}

static void take_record(struct logd_intake *intake, const unsigned char *bytes, size_t size)
{
	const struct osq_log_record record = logd_records_header(bytes);
	struct osq_log_statistics account;

	intake->closing = record.flags & OSQ_LOG_CLOSING;
	if (intake->closing && record.text_length == sizeof(account)) {
		memcpy(&account, bytes + sizeof(record), sizeof(account));
		logd_intake_account(intake, &account);
	}
	/* An extension asks what is wanted before it sends; a stream has all of it. */
	if (record.level < intake->level && !intake->closing)
		return;
	if (!intake->stuck)
		put(intake, LOGD_ITEM_RECORD, bytes, size);
	else if (!intake->closing)
		intake->unread++;
}

/* What may become a record when more has been read stays. */
static void take(struct logd_intake *intake, bool end)
{
	size_t at = 0, size;

	while (at < intake->length && !intake->closing) {
		const unsigned char *bytes = intake->buffer + at;
		enum logd_found found = logd_records_next(bytes, intake->length - at, end, &size);

		if (found == LOGD_FOUND_PART)
			break;
		at += size;
		if (found == LOGD_FOUND_DAMAGE) {
			intake->damaged += size;
			continue;
		}
		if (!intake->stuck)
			put_count(intake, LOGD_ITEM_DAMAGE, &intake->damaged);
		take_record(intake, bytes, size);
	}
	intake->length -= at;
	memmove(intake->buffer, intake->buffer + at, intake->length);
}

void logd_intake_take(struct logd_intake *intake, size_t count)
{
	intake->length += count;
	take(intake, false);
	logd_queue_publish(intake->queue);
}

void logd_intake_reopen(struct logd_intake *intake, int32_t durable)
{
	intake->reopens = true;
	intake->durable = durable;
}

void logd_intake_disconnect(struct logd_intake *intake, const char *reason)
{
	struct logd_disconnected end = {.wall = logd_clock_wall(),
	                                .account = intake->account,
	                                .has_account = intake->has_account};

	snprintf(end.reason, sizeof(end.reason), "%s", reason);
	logd_intake_wait_for_room(intake);
	take(intake, true);
	put_count(intake, LOGD_ITEM_DAMAGE, &intake->damaged);
	if (intake->has_account)
		logd_intake_account(intake, &end.account);
	put(intake, LOGD_ITEM_DISCONNECTED, &end, sizeof(end));
	logd_queue_publish(intake->queue);
}

void logd_intake_end(struct logd_intake *intake)
{
	logd_intake_wait_for_room(intake);
	logd_queue_put(intake->queue, LOGD_ITEM_END, 0);
	logd_queue_publish(intake->queue);
}
