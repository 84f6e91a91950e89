// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kextlogd_batch.h"
#include "kextlogd_lines.h"
#include "kextlogd_records.h"

#define SECOND INT64_C(1000000000)

/* The reader need not wait for the whole of what has been published. */
#define PIECE  (256u << 10)

struct logd_writer {
	struct logd_queue *queue;
	struct logd_lines lines;
	struct logd_batch batch;
	int32_t durable;
	pthread_t thread;
	bool broken; /* atomic */

	/* Of this connection. */
	uint64_t messages;
	uint64_t dropped; /* as lines tell so far */
};

static uint64_t extension_time(const struct logd_writer *writer, uint64_t wall)
{
	int64_t time = (int64_t)(wall - (uint64_t)writer->lines.offset);

	return time < 0 ? 0 : (uint64_t)time;
}

static void tell_dropped(struct logd_writer *writer, uint64_t total, uint64_t time, uint64_t before)
{
	const struct logd_note note = {
	    .kind = LOGD_NOTE_DROPPED,
	    .time = time,
	    .count = total - writer->dropped,
	    .total = total,
	    .other = before,
	};

	if (total <= writer->dropped)
		return;
	logd_batch_note(&writer->batch, &note);
	writer->dropped = total;
}

/* Before there was this connection: since then what is lost is among what was dropped. */
static void tell_lost(struct logd_writer *writer, const struct osq_log_statistics *statistics)
{
	const struct logd_note note = {
	    .kind = LOGD_NOTE_LOST,
	    .time = statistics->time,
	    .count = statistics->lost,
	    .total = statistics->lost,
	    .other = statistics->system_log,
	};

	logd_batch_note(&writer->batch, &note);
}

static void write_record(struct logd_writer *writer, const void *bytes)
{
	const struct osq_log_record record = logd_records_header(bytes);
	bool closing = record.flags & OSQ_LOG_CLOSING;

	tell_dropped(writer, record.dropped, record.time, closing ? 0 : record.sequence);
	if (closing)
		return;
	writer->messages++;
	logd_batch_message(&writer->batch, &record, (const char *)bytes + sizeof(record),
	                   record.level >= writer->durable);
}

static void set_offset(struct logd_writer *writer, const struct osq_log_statistics *statistics)
{
	writer->lines.offset = (int64_t)(statistics->epoch - statistics->time);
}

static void write_connected(struct logd_writer *writer, const struct logd_connected *connected)
{
	const struct osq_log_statistics *statistics = &connected->statistics;
	const struct logd_note note = {
	    .kind = LOGD_NOTE_CONNECTED,
	    .time = statistics->time,
	    .level = connected->level,
	    .other = statistics->loaded,
	};

	set_offset(writer, statistics);
	writer->messages = writer->dropped = 0;
	logd_batch_note(&writer->batch, &note);
	if (statistics->lost || statistics->system_log)
		tell_lost(writer, statistics);
}

static void write_statistics(struct logd_writer *writer,
                             const struct osq_log_statistics *statistics)
{
	int64_t drift = (int64_t)(statistics->epoch - statistics->time) - writer->lines.offset;

	/* The machine slept, or its date was set. Less than that would only make times jump. */
	if (drift > SECOND || drift < -SECOND)
		set_offset(writer, statistics);
	tell_dropped(writer, statistics->client_dropped, statistics->time, 0);
}

static void write_disconnected(struct logd_writer *writer,
                               const struct logd_disconnected *disconnected)
{
	const struct logd_note note = {
	    .kind = LOGD_NOTE_DISCONNECTED,
	    .time = extension_time(writer, disconnected->wall),
	    .count = writer->messages,
	    .total = writer->dropped,
	    .account = disconnected->has_account ? &disconnected->account : NULL,
	    .reason = disconnected->reason,
	};

	logd_batch_note(&writer->batch, &note);
	logd_batch_flush(&writer->batch);
}

static void write_unread(struct logd_writer *writer, const struct logd_gap *gap)
{
	const struct logd_note note = {
	    .kind = LOGD_NOTE_UNWRITTEN,
	    .time = extension_time(writer, gap->wall),
	    .count = gap->count,
	    .reason = "nothing could be written for too long",
	};

	writer->messages += gap->count;
	logd_batch_note(&writer->batch, &note);
}

static void write_damage(struct logd_writer *writer, const struct logd_gap *gap)
{
	const struct logd_note note = {
	    .kind = LOGD_NOTE_DAMAGED,
	    .time = extension_time(writer, gap->wall),
	    .count = gap->count,
	};

	logd_batch_note(&writer->batch, &note);
}

static void reopen(struct logd_writer *writer, int32_t durable)
{
	logd_batch_flush(&writer->batch);
	writer->durable = durable;
	if (logd_file_reopen(writer->batch.file))
		fprintf(stderr, "kextlogd: %s; lines go to the old file\n",
		        writer->batch.file->message);
}

/* False at the end. */
static bool write_item(struct logd_writer *writer, const struct logd_item *item)
{
	const void *payload = item->payload;

	switch ((enum logd_kind)item->kind) {
	case LOGD_ITEM_FILLER:
		break;
	case LOGD_ITEM_RECORD:
		write_record(writer, payload);
		break;
	case LOGD_ITEM_DAMAGE:
		write_damage(writer, payload);
		break;
	case LOGD_ITEM_UNREAD:
		write_unread(writer, payload);
		break;
	case LOGD_ITEM_CONNECTED:
		write_connected(writer, payload);
		break;
	case LOGD_ITEM_STATISTICS:
		write_statistics(writer, payload);
		break;
	case LOGD_ITEM_DISCONNECTED:
		write_disconnected(writer, payload);
		break;
	case LOGD_ITEM_REOPEN:
		reopen(writer, *(const int32_t *)payload);
		break;
	case LOGD_ITEM_END:
		return false;
	}
	return true;
}

/* Some items of those that are there; how many bytes they are. */
static size_t write_items(struct logd_writer *writer, const unsigned char *bytes, size_t ready,
                          bool *goes_on)
{
	size_t at = 0;

	while (at < ready && at < PIECE && *goes_on) {
		const struct logd_item *item = (const void *)(bytes + at);

		*goes_on = write_item(writer, item);
		at += item->size;
	}
	return at;
}

static void *run(void *context)
{
	struct logd_writer *writer = context;
	bool goes_on = true;

	while (goes_on) {
		size_t ready, done;
		const unsigned char *bytes = (const void *)logd_queue_take(writer->queue, &ready);

		done = write_items(writer, bytes, ready, &goes_on);
		if (done == ready || !goes_on)
			logd_batch_flush(&writer->batch);
		logd_queue_release(writer->queue, done);
		if (writer->batch.file->error == EPIPE)
			__atomic_store_n(&writer->broken, true, __ATOMIC_RELAXED);
	}
	return NULL;
}

struct logd_writer *logd_writer_start(struct logd_queue *queue, struct logd_file *file,
                                      const char *channel, bool json, int32_t durable)
{
	struct logd_writer *writer = calloc(1, sizeof(*writer));
	sigset_t all, before;
	int error;

	if (!writer)
		return NULL;
	writer->queue = queue;
	writer->lines.json = json;
	writer->lines.channel = channel;
	writer->durable = durable;
	if (logd_batch_init(&writer->batch, file, &writer->lines)) {
		free(writer);
		return NULL;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&writer->thread, NULL, run, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!error)
		return writer;
	logd_batch_exit(&writer->batch);
	free(writer);
	errno = error;
	return NULL;
}

bool logd_writer_is_broken(struct logd_writer *writer)
{
	return __atomic_load_n(&writer->broken, __ATOMIC_RELAXED);
}

int logd_writer_join(struct logd_writer *writer)
{
	int result;

	pthread_join(writer->thread, NULL);
	result = logd_batch_finish(&writer->batch);
	logd_batch_exit(&writer->batch);
	free(writer);
	return result;
}
