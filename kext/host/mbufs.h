/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Chains of buffers: mbuf_t. The first one of a packet says how long it is in all. Sizes of the
 * parts are XNU's, so that queues fill as there: a buffer counts 256 bytes, a cluster its size
 * besides.
 */
#ifndef KEXTHOST_MBUFS_H
#define KEXTHOST_MBUFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MBUF_SIZE         256u
#define MBUF_FLAG_EXT     1u
#define MBUF_FLAG_PKTHDR  2u
#define MBUF_FLAG_EOR     4u
#define MBUF_TYPE_DATA    1u
#define MBUF_HEADER_ROOM  80u  /* of one with a packet's header */
#define MBUF_ROOM         224u /* of one without */
#define MBUF_CLUSTER      2048u
#define MBUF_BIG_CLUSTER  4096u
#define MBUF_HUGE_CLUSTER 16384u

struct mbuf {
	struct mbuf *next, *next_packet;
	uint8_t *data; /* within the room */
	size_t length, room;
	size_t packet_length;
	uint32_t type, flags;
	uint64_t alive; /* a number that says so */
	uint8_t bytes[];
};

/* One buffer with room for `size` bytes, and none in it. `site` is who answers for it. */
struct mbuf *mbuf_make(size_t size, bool header, uint32_t type, uintptr_t site);

/* A packet's chain with room for `size` bytes, of as few buffers as possible. */
struct mbuf *mbuf_make_packet(size_t size, uintptr_t site);

/* The same with bytes in it. `from` is the kernel's. */
struct mbuf *mbuf_make_filled(const void *from, size_t size, uintptr_t site);

/* Panics where it is none that lives. */
void mbuf_check(const struct mbuf *mbuf);

/* Frees one, and gives the next one of the chain; or all of the chain. */
struct mbuf *mbuf_release(struct mbuf *mbuf);
void mbuf_release_chain(struct mbuf *mbuf);

size_t mbuf_chain_length(const struct mbuf *mbuf);

/* How many bytes are free behind its data, and before it. */
size_t mbuf_trailing(const struct mbuf *mbuf);
size_t mbuf_leading(const struct mbuf *mbuf);

/* From an offset in the chain; false where it is too short. */
bool mbuf_read(const struct mbuf *mbuf, size_t offset, size_t length, void *to);
void mbuf_write(struct mbuf *mbuf, size_t offset, size_t length, const void *from);

/* Zeros at the end of the chain, in new buffers where there is no room. False for want of memory.
 */
bool mbuf_grow(struct mbuf *mbuf, size_t length, uintptr_t site);

#endif
