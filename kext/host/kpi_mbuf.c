// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <stdbool.h>
#include <string.h>

#include "darwin.h"
#include "kpi.h"
#include "mbufs.h"
#include "panic.h"
#include "wait.h"

#define CALLER    (uintptr_t) __builtin_return_address(0)
#define WAITOK    0
#define COPY_ALL  1000000000u
#define FREE_TYPE 0u

static void check_how(uint32_t how)
{
	if (how == WAITOK)
		wait_check_may_sleep();
}

static int give(struct mbuf *mbuf, struct mbuf **to)
{
	*to = mbuf;
	return mbuf ? 0 : DARWIN_ENOMEM;
}

static int kernel_mbuf_get(uint32_t how, uint32_t type, struct mbuf **mbuf)
{
	check_how(how);
	return give(mbuf_make(0, false, type, CALLER), mbuf);
}

static int kernel_mbuf_gethdr(uint32_t how, uint32_t type, struct mbuf **mbuf)
{
	check_how(how);
	return give(mbuf_make(0, true, type, CALLER), mbuf);
}

static int kernel_mbuf_getpacket(uint32_t how, struct mbuf **mbuf)
{
	check_how(how);
	return give(mbuf_make(MBUF_CLUSTER, true, MBUF_TYPE_DATA, CALLER), mbuf);
}

static unsigned int count(const struct mbuf *mbuf)
{
	unsigned int number = 0;

	for (; mbuf; mbuf = mbuf->next)
		number++;
	return number;
}

/* Buffers with room, and nothing in them yet. */
static int kernel_mbuf_allocpacket(uint32_t how, size_t size, unsigned int *chunks,
                                   struct mbuf **mbuf)
{
	struct mbuf *packet;
	unsigned int number;

	check_how(how);
	if (!size)
		return DARWIN_EINVAL;
	packet = mbuf_make_packet(size, CALLER);
	number = count(packet);
	if (packet && chunks && *chunks && number > *chunks) {
		mbuf_release_chain(packet);
		packet = *chunks == 1 && size <= MBUF_HUGE_CLUSTER
		             ? mbuf_make(size, true, MBUF_TYPE_DATA, CALLER)
		             : NULL;
		if (!packet)
			return DARWIN_ENOBUFS;
		number = 1;
	}
	if (packet && chunks)
		*chunks = number;
	return give(packet, mbuf);
}

static struct mbuf *kernel_mbuf_free(struct mbuf *mbuf)
{
	return mbuf_release(mbuf);
}

static void kernel_mbuf_freem(struct mbuf *mbuf)
{
	mbuf_release_chain(mbuf);
}

static int kernel_mbuf_freem_list(struct mbuf *mbuf)
{
	struct mbuf *next;
	int number = 0;

	for (; mbuf; mbuf = next, number++) {
		mbuf_check(mbuf);
		next = mbuf->next_packet;
		mbuf_release_chain(mbuf);
	}
	return number;
}

static void *kernel_mbuf_data(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf->data;
}

static size_t kernel_mbuf_len(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf->length;
}

static size_t kernel_mbuf_maxlen(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf->room;
}

static void *kernel_mbuf_datastart(struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf->bytes;
}

static size_t kernel_mbuf_leadingspace(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf_leading(mbuf);
}

static size_t kernel_mbuf_trailingspace(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf_trailing(mbuf);
}

static struct mbuf *kernel_mbuf_next(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf->next;
}

static struct mbuf *kernel_mbuf_nextpkt(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf->next_packet;
}

static uint32_t kernel_mbuf_type(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf->type;
}

static uint32_t kernel_mbuf_flags(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf->flags;
}

/* More than there is room for would be written over what lies behind it. */
static void kernel_mbuf_setlen(struct mbuf *mbuf, size_t length)
{
	mbuf_check(mbuf);
	if (length > mbuf->room - mbuf_leading(mbuf))
		panic("mbuf_setlen: %zu bytes in mbuf %p, which has room for %zu", length,
		      (void *)mbuf, mbuf->room - mbuf_leading(mbuf));
	mbuf->length = length;
}

static int kernel_mbuf_setdata(struct mbuf *mbuf, uint8_t *data, size_t length)
{
	mbuf_check(mbuf);
	if (data < mbuf->bytes || data + length > mbuf->bytes + mbuf->room)
		return DARWIN_EINVAL;
	mbuf->data = data;
	mbuf->length = length;
	return 0;
}

static int kernel_mbuf_settype(struct mbuf *mbuf, uint32_t type)
{
	mbuf_check(mbuf);
	if (type == FREE_TYPE)
		return DARWIN_EINVAL;
	mbuf->type = type;
	return 0;
}

static int kernel_mbuf_setnext(struct mbuf *mbuf, struct mbuf *next)
{
	mbuf_check(mbuf);
	if (next)
		mbuf_check(next);
	mbuf->next = next;
	return 0;
}

static void kernel_mbuf_setnextpkt(struct mbuf *mbuf, struct mbuf *next)
{
	mbuf_check(mbuf);
	mbuf->next_packet = next;
}

static size_t kernel_mbuf_pkthdr_len(const struct mbuf *mbuf)
{
	mbuf_check(mbuf);
	return mbuf->packet_length;
}

static void kernel_mbuf_pkthdr_setlen(struct mbuf *mbuf, size_t length)
{
	mbuf_check(mbuf);
	mbuf->packet_length = length;
}

static int kernel_mbuf_copydata(const struct mbuf *mbuf, size_t offset, size_t length, void *to)
{
	mbuf_check(mbuf);
	return mbuf_read(mbuf, offset, length, to) ? 0 : DARWIN_EINVAL;
}

/* A chain that is too short grows; what lies before is zeroed. */
static int kernel_mbuf_copyback(struct mbuf *mbuf, size_t offset, size_t length, const void *from,
                                uint32_t how)
{
	size_t all, end;

	check_how(how);
	if (!mbuf || (!from && length) || __builtin_add_overflow(offset, length, &end))
		return DARWIN_EINVAL;
	mbuf_check(mbuf);
	all = mbuf_chain_length(mbuf);
	if (all < end && !mbuf_grow(mbuf, end - all, CALLER))
		return DARWIN_ENOBUFS;
	mbuf_write(mbuf, offset, length, from);
	if (mbuf->flags & MBUF_FLAG_PKTHDR && mbuf->packet_length < end)
		mbuf->packet_length = end;
	return 0;
}

static int copy(const struct mbuf *mbuf, size_t offset, size_t length, uintptr_t site,
                struct mbuf **to)
{
	const size_t all = mbuf_chain_length(mbuf);
	struct mbuf *made, *part;

	mbuf_check(mbuf);
	if (offset > all || (length != COPY_ALL && length > all - offset))
		return DARWIN_EINVAL;
	if (length == COPY_ALL)
		length = all - offset;
	made = mbuf_make_packet(length, site);
	if (!made)
		return give(NULL, to);
	made->packet_length = length;
	for (part = made; part; part = part->next) {
		part->length = length < part->room ? length : part->room;
		mbuf_read(mbuf, offset, part->length, part->data);
		offset += part->length;
		length -= part->length;
	}
	return give(made, to);
}

static int kernel_mbuf_dup(const struct mbuf *mbuf, uint32_t how, struct mbuf **to)
{
	check_how(how);
	return copy(mbuf, 0, COPY_ALL, CALLER, to);
}

static int kernel_mbuf_copym(const struct mbuf *mbuf, size_t offset, size_t length, uint32_t how,
                             struct mbuf **to)
{
	check_how(how);
	return copy(mbuf, offset, length, CALLER, to);
}

/* Positive: off the front; negative: off the end. */
static void kernel_mbuf_adj(struct mbuf *mbuf, int length)
{
	struct mbuf *first = mbuf;
	size_t left, keep, all = mbuf_chain_length(mbuf);

	mbuf_check(mbuf);
	left = length < 0 ? -(size_t)length : (size_t)length;
	left = left < all ? left : all;
	keep = all - left;
	for (; mbuf; mbuf = mbuf->next) {
		if (length > 0) {
			const size_t part = left < mbuf->length ? left : mbuf->length;

			mbuf->data += part;
			mbuf->length -= part;
			left -= part;
		} else {
			mbuf->length = keep < mbuf->length ? keep : mbuf->length;
			keep -= mbuf->length;
		}
	}
	if (first->flags & MBUF_FLAG_PKTHDR)
		first->packet_length = mbuf_chain_length(first);
}

/* The first one is made to hold `length` bytes; the chain is freed where it has not as many. */
static int kernel_mbuf_pullup(struct mbuf **chain, size_t length)
{
	struct mbuf *old = *chain, *made;

	mbuf_check(old);
	if (old->length >= length)
		return 0;
	if (length > mbuf_chain_length(old)) {
		mbuf_release_chain(old);
		*chain = NULL;
		return DARWIN_EINVAL;
	}
	made = mbuf_make(length, old->flags & MBUF_FLAG_PKTHDR, old->type, CALLER);
	if (!made) {
		mbuf_release_chain(old);
		*chain = NULL;
		return DARWIN_ENOMEM;
	}
	mbuf_read(old, 0, length, made->data);
	made->length = length;
	made->packet_length = old->packet_length;
	while (length && length >= old->length) {
		length -= old->length;
		old = mbuf_release(old);
	}
	if (length) {
		old->data += length;
		old->length -= length;
	}
	made->next = old;
	*chain = made;
	return 0;
}

static int kernel_mbuf_prepend(struct mbuf **chain, size_t length, uint32_t how)
{
	struct mbuf *old = *chain, *made;

	check_how(how);
	mbuf_check(old);
	if (mbuf_leading(old) >= length) {
		old->data -= length;
		old->length += length;
		old->packet_length += length;
		return 0;
	}
	made = mbuf_make(length, old->flags & MBUF_FLAG_PKTHDR, old->type, CALLER);
	if (!made) {
		mbuf_release_chain(old);
		return give(NULL, chain);
	}
	made->length = length;
	made->packet_length = old->packet_length + length;
	made->next = old;
	old->flags &= ~MBUF_FLAG_PKTHDR;
	return give(made, chain);
}

const struct kpi_symbol kpi_mbuf[] = {
    KPI_FUNCTION(KPI_BSD, mbuf_get),           KPI_FUNCTION(KPI_BSD, mbuf_gethdr),
    KPI_FUNCTION(KPI_BSD, mbuf_getpacket),     KPI_FUNCTION(KPI_BSD, mbuf_allocpacket),
    KPI_FUNCTION(KPI_BSD, mbuf_free),          KPI_FUNCTION(KPI_BSD, mbuf_freem),
    KPI_FUNCTION(KPI_BSD, mbuf_freem_list),    KPI_FUNCTION(KPI_BSD, mbuf_data),
    KPI_FUNCTION(KPI_BSD, mbuf_len),           KPI_FUNCTION(KPI_BSD, mbuf_maxlen),
    KPI_FUNCTION(KPI_BSD, mbuf_datastart),     KPI_FUNCTION(KPI_BSD, mbuf_leadingspace),
    KPI_FUNCTION(KPI_BSD, mbuf_trailingspace), KPI_FUNCTION(KPI_BSD, mbuf_next),
    KPI_FUNCTION(KPI_BSD, mbuf_nextpkt),       KPI_FUNCTION(KPI_BSD, mbuf_type),
    KPI_FUNCTION(KPI_BSD, mbuf_flags),         KPI_FUNCTION(KPI_BSD, mbuf_setlen),
    KPI_FUNCTION(KPI_BSD, mbuf_setdata),       KPI_FUNCTION(KPI_BSD, mbuf_settype),
    KPI_FUNCTION(KPI_BSD, mbuf_setnext),       KPI_FUNCTION(KPI_BSD, mbuf_setnextpkt),
    KPI_FUNCTION(KPI_BSD, mbuf_pkthdr_len),    KPI_FUNCTION(KPI_BSD, mbuf_pkthdr_setlen),
    KPI_FUNCTION(KPI_BSD, mbuf_copydata),      KPI_FUNCTION(KPI_BSD, mbuf_copyback),
    KPI_FUNCTION(KPI_BSD, mbuf_dup),           KPI_FUNCTION(KPI_BSD, mbuf_copym),
    KPI_FUNCTION(KPI_BSD, mbuf_adj),           KPI_FUNCTION(KPI_BSD, mbuf_pullup),
    KPI_FUNCTION(KPI_BSD, mbuf_prepend),       {0},
};
