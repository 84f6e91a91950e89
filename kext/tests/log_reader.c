// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"

#ifdef OSQ_LOG_IOCTL_CONNECT
#include <stdio.h>
#elif defined(KEXTHOST)
#include <client.h>
#else
#include <sys/sysctl.h>
#endif

#define ROOM (2 * OSQ_LOG_BUFFER)

bool log_reader_open(struct log_reader *reader, int32_t level)
{
	*reader = (struct log_reader){.client = osq_log_client_open(LOG_CHANNEL, level)};
	if (!EXPECT(reader->client, "%s: %s", LOG_CHANNEL, strerror(errno)))
		return false;
	reader->bytes = malloc(ROOM);
	return EXPECT(reader->bytes, "no memory");
}

void log_reader_close(struct log_reader *reader)
{
	if (reader->client)
		osq_log_client_close(reader->client);
	free(reader->bytes);
	*reader = (struct log_reader){.client = NULL};
}

/* More bytes behind those that are there: false at the end and where none come. */
static bool fill(struct log_reader *reader, int milliseconds, bool *end)
{
	ssize_t count;

	memmove(reader->bytes, reader->bytes + reader->from, reader->to - reader->from);
	reader->to -= reader->from;
	reader->from = 0;
	do {
		int ready = osq_log_client_wait(reader->client, milliseconds);

		if (ready <= 0)
			return EXPECT(!ready || errno == EINTR, "%s", strerror(errno)) && false;
		count = osq_log_client_read(reader->client, reader->bytes + reader->to,
		                            ROOM - reader->to);
	} while (count < 0 && (errno == EAGAIN || errno == EINTR));
	if (!EXPECT(count >= 0, "%s", strerror(errno)))
		return false;
	reader->to += (size_t)count;
	*end = !count;
	return count > 0;
}

static bool check(struct log_reader *reader, const struct osq_log_record *record)
{
	const bool drops = record->flags & OSQ_LOG_DROPPED_BEFORE;

	if (!EXPECT(record->magic == OSQ_LOG_MAGIC && record->version == OSQ_LOG_VERSION,
	            "magic %x, version %u", record->magic, record->version) ||
	    !EXPECT(record->size == sizeof(*record) + record->text_length &&
	                record->text_length <= OSQ_LOG_TEXT_MAX,
	            "%u bytes with a text of %u", record->size, record->text_length))
		return false;
	EXPECT(record->dropped >= reader->dropped, "%llu dropped, and before %llu",
	       (unsigned long long)record->dropped, (unsigned long long)reader->dropped);
	EXPECT(drops == (record->dropped > reader->dropped), "flags %x", record->flags);
	EXPECT(record->time >= reader->time, "times go back");
	if (!(record->flags & OSQ_LOG_CLOSING))
		EXPECT(record->sequence > reader->sequence, "%llu comes after %llu",
		       (unsigned long long)record->sequence, (unsigned long long)reader->sequence);
	reader->dropped = record->dropped;
	reader->time = record->time;
	if (record->sequence)
		reader->sequence = record->sequence;
	return true;
}

/* Whether a whole one is there. */
static bool take(struct log_reader *reader, struct osq_log_record *record, char *text)
{
	const char *at = reader->bytes + reader->from;
	const size_t there = reader->to - reader->from;

	if (there < sizeof(*record))
		return false;
	memcpy(record, at, sizeof(*record));
	if (record->magic == OSQ_LOG_MAGIC && there < record->size)
		return false;
	if (!check(reader, record)) {
		reader->from = reader->to;
		return false;
	}
	memcpy(text, at + sizeof(*record), record->text_length);
	text[record->text_length] = '\0';
	reader->from += record->size;
	return true;
}

bool log_reader_next(struct log_reader *reader, struct osq_log_record *record, char *text,
                     int milliseconds)
{
	bool end = false;

	while (!take(reader, record, text))
		if (!fill(reader, milliseconds, &end))
			return false;
	return true;
}

bool log_reader_end(struct log_reader *reader, int milliseconds)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	bool end = false;

	do {
		while (take(reader, &record, text))
			if (record.flags & OSQ_LOG_CLOSING)
				return true;
	} while (fill(reader, milliseconds, &end));
	return end;
}

struct osq_log_statistics log_reader_statistics(struct log_reader *reader)
{
	struct osq_log_statistics statistics = {.time = 0};

	EXPECT(!osq_log_client_statistics(reader->client, &statistics), "%s", strerror(errno));
	return statistics;
}

#ifdef OSQ_LOG_IOCTL_CONNECT

#define COUNTS "/sys/module/osquery/parameters/log_statistics"

uint64_t log_reader_count(const char *name)
{
	FILE *file = fopen(COUNTS, "r");
	unsigned long long value = 0;
	bool found = false;
	char word[32];

	while (file && !found && fscanf(file, "%31s %llu", word, &value) == 2)
		found = !strcmp(word, name);
	if (file)
		fclose(file);
	EXPECT(found, "%s has no %s", COUNTS, name);
	return value;
}

#else

/* Some are of 32 bits, the others of 64; all are little-endian. */
static bool get_sysctl(const char *name, uint64_t *value)
{
#ifdef KEXTHOST
	struct kexthost_sysctl object;

	if (kexthost_sysctl_get(name, &object) || object.length > sizeof(*value))
		return false;
	memcpy(value, object.value, object.length);
	return true;
#else
	size_t size = sizeof(*value);

	return !sysctlbyname(name, value, &size, NULL, 0);
#endif
}

uint64_t log_reader_count(const char *name)
{
	char path[64] = "debug.osquery_log.";
	uint64_t value = 0;

	strncat(path, name, sizeof(path) - strlen(path) - 1);
	EXPECT(get_sysctl(path, &value), "%s: %s", path, strerror(errno));
	return value;
}

#endif

int32_t log_reader_set_kernel_level(struct log_reader *reader, int32_t level)
{
	struct osq_log_settings settings = {.level = 0};
	int32_t before;

	EXPECT(!osq_log_client_get_settings(reader->client, &settings), "%s", strerror(errno));
	before = settings.level;
	settings.level = level;
	EXPECT(!osq_log_client_set_settings(reader->client, &settings), "%s", strerror(errno));
	return before;
}

uint64_t log_reader_say(struct log_reader *reader, struct osq_log_test test)
{
	if (!EXPECT(!osq_log_client_test(reader->client, &test), "%s", strerror(errno)))
		return 0;
	return test.nanoseconds;
}

bool log_reader_open_all(struct log_reader *reader, int32_t level)
{
	if (!log_reader_open(reader, level))
		return false;
	log_reader_set_kernel_level(reader, OSQ_LOG_TRACE);
	return true;
}

void log_reader_close_all(struct log_reader *reader)
{
	log_reader_set_kernel_level(reader, OSQ_LOG_INFO);
	log_reader_close(reader);
}
