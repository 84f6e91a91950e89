// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Any bytes as a stream that comes in pieces: what is found accounts for each byte, in order. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kextlogd_lines.h"
#include "kextlogd_records.h"

static void check(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

/* As large as it may be, so that a sanitizer sees each byte beyond. */
static void make_lines(const uint8_t *bytes, size_t size)
{
	struct osq_log_record record = logd_records_header(bytes);
	struct logd_lines lines = {.channel = "-", .offset = (int64_t)record.tid};
	char *line = malloc(LOGD_LINE_MAX);

	check(size == record.size && sizeof(record) + record.text_length <= size, "sizes");
	if (!(record.flags & OSQ_LOG_CLOSING)) {
		for (int json = 0; json < 2; json++) {
			size_t length;

			lines.json = json;
			length = logd_lines_message(&lines, line, &record,
			                            (const char *)bytes + sizeof(record));
			check(length <= LOGD_LINE_MAX && line[length - 1] == '\n', "a line's end");
			for (size_t i = 0; i + 1 < length; i++)
				check((unsigned char)line[i] >= 0x20 && line[i] != 0x7F,
				      "no control characters");
		}
	}
	free(line);
}

/* In place of each 0xF0 the beginning of a good record, whose text's length the next byte tells:
 * by chance alone there would be none. */
static size_t put_beginnings(const uint8_t *data, size_t length, uint8_t *out)
{
	size_t size = 0;

	for (size_t i = 0; i < length; i++) {
		uint8_t text = i + 1 < length ? data[i + 1] : 0;
		const uint8_t beginning[] = {
		    'O', 'S', 'Q',        'L', OSQ_LOG_VERSION, 0, 48 + text % 200, 0,
		    3,   0,   text % 200, 0};

		if (data[i] != 0xF0) {
			out[size++] = data[i];
			continue;
		}
		memcpy(out + size, beginning, sizeof(beginning));
		size += sizeof(beginning);
	}
	return size;
}

static void read_stream(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
	uint8_t *data = malloc(length * 12 + 1);

	read_stream(data, put_beginnings(input, length, data));
	free(data);
	return 0;
}

/* The first byte says how large the pieces are. */
static void read_stream(const uint8_t *data, size_t length)
{
	size_t step = length ? data[0] % 64 * 17 + 1 : 1, have = 0, at = 0, size;

	while (at < length) {
		enum logd_found found;
		uint8_t *piece;
		int end;

		if (have < length)
			have = have + step < length ? have + step : length;
		end = have == length;
		if (have == at)
			continue;
		do {
			piece = malloc(have - at);
			memcpy(piece, data + at, have - at);
			found = logd_records_next(piece, have - at, end, &size);
			check(size <= have - at && (size != 0) == (found != LOGD_FOUND_PART),
			      "how much was found");
			check(!end || found != LOGD_FOUND_PART, "no part is left at the end");
			check(found != LOGD_FOUND_PART || have - at < OSQ_LOG_RECORD_MAX,
			      "a part is smaller than a record");
			if (found == LOGD_FOUND_RECORD)
				make_lines(piece, size);
			free(piece);
			at += size;
		} while (size && at < have);
	}
}
