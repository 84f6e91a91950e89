/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What waits for a socket's program, as XNU's socket buffers count it: bytes up to a limit, and the
 * memory that they take up to eight times that. Records end where their last buffer says so; what
 * comes before is one record, however often it was added to.
 */
#ifndef KEXTHOST_RECEIVE_BUFFERS_H
#define KEXTHOST_RECEIVE_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>

struct mbuf;

struct receive_buffer {
	struct mbuf *records;            /* by next_packet */
	struct mbuf *last_record, *last; /* the last one of them, and its last buffer */
	size_t bytes, memory;
	size_t bytes_max, memory_max;
};

/* Limits, of which there is one for all: see sb_max. */
void receive_buffer_limit(struct receive_buffer *buffer, size_t bytes);

size_t receive_buffer_space(const struct receive_buffer *buffer);

/* Takes the chain over. It is a stream where `records` is false. */
void receive_buffer_append(struct receive_buffer *buffer, struct mbuf *chain, bool records);

/* Bytes of the first record, or of the stream. */
size_t receive_buffer_next(const struct receive_buffer *buffer);

/* What was taken beside the bytes. */
struct received {
	bool end, truncated; /* of its record; the rest of which is lost */
};

/* Up to `size` bytes of the first record or of the stream. How many. */
size_t receive_buffer_take(struct receive_buffer *buffer, void *to, size_t size, bool records,
                           bool peek, struct received *received);

void receive_buffer_clear(struct receive_buffer *buffer);

#endif
