/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Chains of buffers. Only the first one of a packet has its length. */
#ifndef OSQ_KPI_MBUF_H
#define OSQ_KPI_MBUF_H

#include <sys/types.h>

typedef struct mbuf *mbuf_t;
typedef u_int32_t mbuf_how_t;

#define MBUF_WAITOK   0
#define MBUF_DONTWAIT 1

void *mbuf_data(mbuf_t mbuf);
size_t mbuf_len(const mbuf_t mbuf);
mbuf_t mbuf_next(const mbuf_t mbuf);
size_t mbuf_pkthdr_len(const mbuf_t mbuf);

/* All of the chain. */
void mbuf_freem(mbuf_t mbuf);

/* Frees the chain, and clears it, where they fail. */
errno_t mbuf_prepend(mbuf_t *mbuf, size_t length, mbuf_how_t how);

/* The chain stays where it fails. */
errno_t mbuf_copyback(mbuf_t mbuf, size_t offset, size_t length, const void *data, mbuf_how_t how);
errno_t mbuf_copydata(const mbuf_t mbuf, size_t offset, size_t length, void *to);

#endif
