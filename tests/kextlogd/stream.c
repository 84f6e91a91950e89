// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "stream.h"

#include <stdlib.h>
#include <string.h>

void stream_free(struct stream *stream)
{
	free(stream->bytes);
	memset(stream, 0, sizeof(*stream));
}

void stream_bytes(struct stream *stream, const void *bytes, size_t length)
{
	if (stream->length + length > stream->size) {
		stream->size = (stream->length + length) * 2;
		stream->bytes = realloc(stream->bytes, stream->size);
		if (!stream->bytes)
			abort();
	}
	memcpy(stream->bytes + stream->length, bytes, length);
	stream->length += length;
}

void stream_record(struct stream *stream, struct osq_log_record record, const void *text,
                   size_t length)
{
	record.magic = OSQ_LOG_MAGIC;
	record.version = OSQ_LOG_VERSION;
	record.size = (uint16_t)(sizeof(record) + length);
	record.text_length = (uint16_t)length;
	stream_bytes(stream, &record, sizeof(record));
	stream_bytes(stream, text, length);
}

void stream_message(struct stream *stream, uint64_t sequence, const char *text)
{
	const struct osq_log_record record = {
	    .level = OSQ_LOG_INFO,
	    .pid = 812,
	    .tid = 815,
	    .time = sequence * UINT64_C(1000000000),
	    .sequence = sequence,
	};

	stream_record(stream, record, text, strlen(text));
}
