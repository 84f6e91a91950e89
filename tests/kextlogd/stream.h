/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Records as an extension makes them. */
#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "osq_log.h"

struct stream {
	unsigned char *bytes;
	size_t length, size;
};

void stream_free(struct stream *stream);
void stream_bytes(struct stream *stream, const void *bytes, size_t length);

/* A record as the header says, but for its magic, version, size and the text's length. */
void stream_record(struct stream *stream, struct osq_log_record record, const void *text,
                   size_t length);

/* A message of level info, with this sequence, at that many seconds, with `dropped` 0. */
void stream_message(struct stream *stream, uint64_t sequence, const char *text);

#endif
