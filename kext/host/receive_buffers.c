// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "receive_buffers.h"

#include <string.h>

#include "mbufs.h"

#define SB_MAX       (8u << 20)
#define MERGED_BELOW (MBUF_CLUSTER / 4)

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

void receive_buffer_limit(struct receive_buffer *buffer, size_t bytes)
{
	const size_t most = (size_t)SB_MAX * MBUF_CLUSTER / (MBUF_SIZE + MBUF_CLUSTER);

	buffer->bytes_max = least(bytes, most);
	buffer->memory_max = least(buffer->bytes_max * 8, SB_MAX);
}

size_t receive_buffer_space(const struct receive_buffer *buffer)
{
	if (buffer->bytes >= buffer->bytes_max || buffer->memory >= buffer->memory_max)
		return 0;
	return least(buffer->bytes_max - buffer->bytes, buffer->memory_max - buffer->memory);
}

static size_t memory_of(const struct mbuf *mbuf)
{
	return MBUF_SIZE + (mbuf->flags & MBUF_FLAG_EXT ? mbuf->room : 0);
}

/* Small pieces go into the room that is left behind others. */
static bool merge(struct mbuf *last, const struct mbuf *mbuf)
{
	if (last->flags & MBUF_FLAG_EOR || mbuf->length > MERGED_BELOW ||
	    mbuf->length > mbuf_trailing(last) || last->type != mbuf->type)
		return false;
	memcpy(last->data + last->length, mbuf->data, mbuf->length);
	last->length += mbuf->length;
	return true;
}

static void add(struct receive_buffer *buffer, struct mbuf *mbuf, bool record)
{
	mbuf->next = mbuf->next_packet = NULL;
	buffer->memory += memory_of(mbuf);
	if (!buffer->last)
		buffer->records = mbuf;
	else if (record)
		buffer->last_record->next_packet = mbuf;
	else
		buffer->last->next = mbuf;
	if (record)
		buffer->last_record = mbuf;
	buffer->last = mbuf;
}

void receive_buffer_append(struct receive_buffer *buffer, struct mbuf *chain, bool records)
{
	bool record = !buffer->last || (records && buffer->last->flags & MBUF_FLAG_EOR);
	struct mbuf *next;
	uint32_t end = 0;

	for (; chain; chain = next) {
		next = chain->next;
		end |= chain->flags & MBUF_FLAG_EOR;
		chain->flags &= ~MBUF_FLAG_EOR;
		buffer->bytes += chain->length;
		/* An empty buffer is kept only as a record of its own. */
		if ((!chain->length && (!record || next || !end)) ||
		    (!record && merge(buffer->last, chain))) {
			mbuf_release(chain);
			continue;
		}
		add(buffer, chain, record);
		record = false;
	}
	if (buffer->last && records && !record)
		buffer->last->flags |= end;
}

static void drop_first(struct receive_buffer *buffer)
{
	struct mbuf *mbuf = buffer->records, *packet = mbuf->next_packet;

	buffer->bytes -= mbuf->length;
	buffer->memory -= memory_of(mbuf);
	buffer->records = mbuf_release(mbuf);
	if (!buffer->records)
		buffer->records = packet;
	else
		buffer->records->next_packet = packet;
	if (!packet)
		buffer->last_record = buffer->records;
	if (!buffer->records)
		buffer->last = NULL;
}

size_t receive_buffer_next(const struct receive_buffer *buffer)
{
	return mbuf_chain_length(buffer->records);
}

size_t receive_buffer_take(struct receive_buffer *buffer, void *to, size_t size, bool records,
                           bool peek, struct received *received)
{
	struct mbuf *mbuf = buffer->records, *next;
	const struct mbuf *last_packet = mbuf ? mbuf->next_packet : NULL;
	size_t length = mbuf_chain_length(mbuf), taken = least(length, size), left = taken;

	received->truncated = records && length > size;
	received->end = false;
	mbuf_read(mbuf, 0, taken, to);
	for (; mbuf; mbuf = next) {
		next = mbuf->next;
		received->end |= mbuf->flags & MBUF_FLAG_EOR && (records || left >= mbuf->length);
		if (peek)
			continue;
		if (!records && left < mbuf->length) {
			mbuf->data += left;
			mbuf->length -= left;
			buffer->bytes -= left;
			break;
		}
		left -= least(left, mbuf->length);
		drop_first(buffer);
		if (buffer->records == last_packet)
			break;
	}
	return taken;
}

void receive_buffer_clear(struct receive_buffer *buffer)
{
	while (buffer->records)
		drop_first(buffer);
}
