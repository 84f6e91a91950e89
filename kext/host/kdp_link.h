/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef KEXTHOST_KDP_LINK_H
#define KEXTHOST_KDP_LINK_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#define KDP_PACKET_MAX 1200

/* 0 or an errno. */
int kdp_link_open(const struct sockaddr_in *address);

struct sockaddr_in kdp_link_address(void);

/* The next datagram, of at most KDP_PACKET_MAX bytes, and whom it is from; -1 where none came
 * within so many milliseconds (-1: ever). */
ssize_t kdp_link_receive(uint8_t *packet, struct sockaddr_in *from, int timeout);

void kdp_link_send(const struct sockaddr_in *to, const uint8_t *packet, size_t length);

/* What was sent to a kernel that ran. */
void kdp_link_drain(void);

#endif
