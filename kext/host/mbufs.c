// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "mbufs.h"

#include <string.h>

#include "allocations.h"
#include "panic.h"

#define ALIVE 0x6d627566u

void mbuf_check(const struct mbuf *mbuf)
{
	if (mbuf->alive != ALIVE)
		panic("%p is no mbuf, or was freed", (const void *)mbuf);
}

struct mbuf *mbuf_make(size_t size, bool header, uint32_t type, uintptr_t site)
{
	const size_t small = header ? MBUF_HEADER_ROOM : MBUF_ROOM;
	size_t room = small;
	struct mbuf *mbuf;

	if (size > small)
		room = size <= MBUF_CLUSTER       ? MBUF_CLUSTER
		       : size <= MBUF_BIG_CLUSTER ? MBUF_BIG_CLUSTER
		                                  : MBUF_HUGE_CLUSTER;
	mbuf = allocation_make(sizeof(*mbuf) + room, 1, ALLOCATION_MBUF, NULL, site);
	if (!mbuf)
		return NULL;
	*mbuf = (struct mbuf){
	    .room = room,
	    .type = type,
	    .flags = (header ? MBUF_FLAG_PKTHDR : 0) | (room > small ? MBUF_FLAG_EXT : 0),
	    .alive = ALIVE,
	};
	mbuf->data = mbuf->bytes;
	return mbuf;
}

/* What the next buffer of a packet is asked for: the rest, or as much as one can have. */
static size_t next_size(size_t left, bool first)
{
	if (first && left > MBUF_HEADER_ROOM && left <= MBUF_HEADER_ROOM + MBUF_ROOM)
		return MBUF_HEADER_ROOM;
	return left < MBUF_BIG_CLUSTER ? left : MBUF_BIG_CLUSTER;
}

struct mbuf *mbuf_make_packet(size_t size, uintptr_t site)
{
	struct mbuf *first = NULL, **last = &first;
	size_t left = size;

	do {
		struct mbuf *mbuf =
		    mbuf_make(next_size(left, !first), !first, MBUF_TYPE_DATA, site);

		if (!mbuf) {
			mbuf_release_chain(first);
			return NULL;
		}
		*last = mbuf;
		last = &mbuf->next;
		left -= left < mbuf->room ? left : mbuf->room;
	} while (left);
	return first;
}

struct mbuf *mbuf_make_filled(const void *from, size_t size, uintptr_t site)
{
	struct mbuf *packet = mbuf_make_packet(size, site), *mbuf;
	const uint8_t *at = from;
	size_t left = size;

	for (mbuf = packet; mbuf; mbuf = mbuf->next) {
		mbuf->length = left < mbuf->room ? left : mbuf->room;
		memcpy(mbuf->data, at, mbuf->length);
		at += mbuf->length;
		left -= mbuf->length;
	}
	if (packet)
		packet->packet_length = size;
	return packet;
}

struct mbuf *mbuf_release(struct mbuf *mbuf)
{
	struct mbuf *next;

	mbuf_check(mbuf);
	next = mbuf->next;
	mbuf->alive = 0;
	allocation_free(mbuf, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_MBUF, NULL);
	return next;
}

void mbuf_release_chain(struct mbuf *mbuf)
{
	while (mbuf)
		mbuf = mbuf_release(mbuf);
}

size_t mbuf_chain_length(const struct mbuf *mbuf)
{
	size_t length = 0;

	for (; mbuf; mbuf = mbuf->next)
		length += mbuf->length;
	return length;
}

size_t mbuf_leading(const struct mbuf *mbuf)
{
	return (size_t)(mbuf->data - mbuf->bytes);
}

size_t mbuf_trailing(const struct mbuf *mbuf)
{
	return mbuf->room - mbuf_leading(mbuf) - mbuf->length;
}

/* To or from the caller's bytes. Whether the chain was long enough. */
static bool transfer(const struct mbuf *mbuf, size_t offset, size_t length, uint8_t *bytes,
                     bool out)
{
	for (; mbuf && length; mbuf = mbuf->next) {
		size_t part;

		if (offset >= mbuf->length) {
			offset -= mbuf->length;
			continue;
		}
		part = mbuf->length - offset < length ? mbuf->length - offset : length;
		memcpy(out ? bytes : mbuf->data + offset, out ? mbuf->data + offset : bytes, part);
		bytes += part;
		length -= part;
		offset = 0;
	}
	return !length;
}

bool mbuf_read(const struct mbuf *mbuf, size_t offset, size_t length, void *to)
{
	return transfer(mbuf, offset, length, to, true);
}

void mbuf_write(struct mbuf *mbuf, size_t offset, size_t length, const void *from)
{
	transfer(mbuf, offset, length, (uint8_t *)from, false);
}

bool mbuf_grow(struct mbuf *mbuf, size_t length, uintptr_t site)
{
	while (mbuf->next)
		mbuf = mbuf->next;
	for (;;) {
		const size_t room = mbuf_trailing(mbuf);
		const size_t part = length < room ? length : room;

		memset(mbuf->data + mbuf->length, 0, part);
		mbuf->length += part;
		length -= part;
		if (!length)
			return true;
		mbuf->next = mbuf_make(next_size(length, false), false, mbuf->type, site);
		if (!mbuf->next)
			return false;
		mbuf = mbuf->next;
	}
}
