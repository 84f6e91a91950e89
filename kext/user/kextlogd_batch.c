// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kextlogd_clock.h"

#define BATCH_SIZE (1u << 20)
#define MARKS      1024

int logd_batch_init(struct logd_batch *batch, struct logd_file *file, struct logd_lines *lines)
{
	memset(batch, 0, sizeof(*batch));
	batch->file = file;
	batch->lines = lines;
	batch->bytes = malloc(BATCH_SIZE);
	batch->marks = calloc(MARKS, sizeof(*batch->marks));
	batch->made_up = malloc(LOGD_NOTE_KINDS * LOGD_LINE_MAX);
	if (batch->bytes && batch->marks && batch->made_up)
		return 0;
	logd_batch_exit(batch);
	errno = ENOMEM;
	return -1;
}

void logd_batch_exit(struct logd_batch *batch)
{
	free(batch->made_up);
	free(batch->marks);
	free(batch->bytes);
}

static char *room_for_line(struct logd_batch *batch)
{
	if (BATCH_SIZE - batch->length < LOGD_LINE_MAX || batch->mark_count == MARKS)
		logd_batch_flush(batch);
	return batch->bytes + batch->length;
}

void logd_batch_message(struct logd_batch *batch, const struct osq_log_record *record,
                        const char *text, bool urgent)
{
	char *line = room_for_line(batch);

	batch->length += logd_lines_message(batch->lines, line, record, text);
	batch->urgent |= urgent;
}

void logd_batch_note(struct logd_batch *batch, const struct logd_note *note)
{
	char *line = room_for_line(batch);

	batch->marks[batch->mark_count++] = (struct logd_mark){batch->length, *note};
	batch->length += logd_lines_note(batch->lines, line, note);
}

/* The reason and the account are another's, which does not stay. Accounts add up while all are
 * known. */
static void add_end(struct logd_untold *untold, const struct logd_note *before)
{
	struct logd_note *end = &untold->notes[LOGD_NOTE_DISCONNECTED];
	const struct osq_log_statistics *account = end->account;

	snprintf(untold->reason, sizeof(untold->reason), "%s", end->reason);
	end->reason = untold->reason;
	end->account = NULL;
	if (!account || (before && !before->account))
		return;
	if (!before)
		memset(&untold->account, 0, sizeof(untold->account));
	untold->account.client_delivered += account->client_delivered;
	untold->account.client_unwanted += account->client_unwanted;
	untold->account.client_sent += account->client_sent;
	end->account = &untold->account;
}

/* Several notes of a kind become one, of one connection or with those of others. */
static void add(struct logd_untold *untold, const struct logd_note *note, bool is_another)
{
	struct logd_note *sum = &untold->notes[note->kind];
	const struct logd_note before = *sum;
	const bool is_first = !untold->is_pending[note->kind];

	*sum = *note;
	untold->is_pending[note->kind] = true;
	if (!is_first) {
		sum->count += before.count;
		sum->other += before.other;
		sum->total += is_another ? before.total : 0;
	}
	if (note->kind == LOGD_NOTE_DROPPED)
		sum->other = 0; /* not before one message alone */
	if (note->kind == LOGD_NOTE_DISCONNECTED)
		add_end(untold, is_first ? NULL : &before);
}

/* Another connection begins. Those before it are told as one, which begins with the first one. */
static void end_current(struct logd_batch *batch)
{
	struct logd_untold *current = &batch->current;
	const bool is_another = batch->ended.is_pending[LOGD_NOTE_DISCONNECTED];

	for (int kind = 0; kind < LOGD_NOTE_KINDS; kind++)
		if (current->is_pending[kind] && !(is_another && kind == LOGD_NOTE_CONNECTED))
			add(&batch->ended, &current->notes[kind], is_another);
	memset(current->is_pending, 0, sizeof(current->is_pending));
}

/* A note that is in no file. */
static void keep(struct logd_batch *batch, const struct logd_note *note)
{
	if (note->kind == LOGD_NOTE_CONNECTED)
		end_current(batch);
	add(&batch->current, note, false);
}

static void tell_unwritable(struct logd_batch *batch)
{
	int error = batch->file->error;

	snprintf(batch->reason, sizeof(batch->reason), "%s", strerror(error));
	if (error != batch->told_error)
		fprintf(stderr,
		        "kextlogd: cannot write to %s: %s; what comes is counted until there is "
		        "room for it again\n",
		        batch->file->path, batch->reason);
	batch->told_error = error;
}

/* Counts what stands in the batch from `written` on. */
static void keep_rest(struct logd_batch *batch, size_t written)
{
	const char *end = batch->bytes + batch->length;
	struct logd_note unwritten = {
	    .kind = LOGD_NOTE_UNWRITTEN,
	    .time = logd_clock_wall() - (uint64_t)batch->lines->offset,
	    .reason = batch->reason,
	};

	for (const char *line = batch->bytes + written; line < end; line++) {
		line = memchr(line, '\n', (size_t)(end - line));
		unwritten.count++;
	}
	for (size_t i = 0; i < batch->mark_count; i++) {
		if (batch->marks[i].begin < written)
			continue;
		unwritten.count--;
		keep(batch, &batch->marks[i].note);
	}
	if (unwritten.count)
		keep(batch, &unwritten);
	batch->unwritten += unwritten.count;
}

static bool make_up_for(struct logd_batch *batch, struct logd_untold *untold)
{
	size_t ends[LOGD_NOTE_KINDS], length = 0, written;

	for (int kind = 0; kind < LOGD_NOTE_KINDS; kind++) {
		if (untold->is_pending[kind])
			length += logd_lines_note(batch->lines, batch->made_up + length,
			                          &untold->notes[kind]);
		ends[kind] = length;
	}
	written = length ? logd_file_write(batch->file, batch->made_up, length) : 0;
	for (int kind = 0; kind < LOGD_NOTE_KINDS && ends[kind] <= written; kind++)
		untold->is_pending[kind] = false;
	return written == length;
}

/* Tells what could not be told in its time. False: not all of it can be told now. */
static bool make_up(struct logd_batch *batch)
{
	return make_up_for(batch, &batch->ended) && make_up_for(batch, &batch->current);
}

/* All was written: if that was not so before, it is over. */
static void tell_mended(struct logd_batch *batch)
{
	if (batch->told_error)
		fprintf(stderr,
		        "kextlogd: %s takes lines again; %" PRIu64 " messages are not in it\n",
		        batch->file->path, batch->unwritten);
	batch->told_error = 0;
	batch->unwritten = 0;
}

static void sync_urgent(struct logd_batch *batch)
{
	int error = logd_file_sync(batch->file) ? errno : 0;

	if (error && error != batch->told_sync)
		fprintf(stderr,
		        "kextlogd: cannot sync %s: %s; its last lines may be lost when the machine "
		        "stops\n",
		        batch->file->path, strerror(error));
	batch->told_sync = error;
}

void logd_batch_flush(struct logd_batch *batch)
{
	size_t written = 0;

	if (!batch->length)
		return;
	if (make_up(batch))
		written = logd_file_write(batch->file, batch->bytes, batch->length);
	if (written < batch->length) {
		tell_unwritable(batch);
		keep_rest(batch, written);
	} else {
		tell_mended(batch);
	}
	if (written && batch->urgent)
		sync_urgent(batch);
	batch->length = batch->mark_count = 0;
	batch->urgent = false;
}

int logd_batch_finish(struct logd_batch *batch)
{
	bool complete;

	logd_batch_flush(batch);
	complete = make_up(batch);
	sync_urgent(batch);
	if (complete) {
		tell_mended(batch);
		return 0;
	}
	tell_unwritable(batch);
	fprintf(stderr, "kextlogd: %" PRIu64 " messages are not in %s: %s\n", batch->unwritten,
	        batch->file->path, batch->reason);
	return -1;
}
