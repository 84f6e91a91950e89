/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* How KDP's packets come and go: kdp_datagrams.c or kdp_serial.c. They take no lock. */
#ifndef KEXTHOST_KDP_LINK_H
#define KEXTHOST_KDP_LINK_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KDP_PACKET_MAX 1200

/* A debugger. */
struct kdp_peer {
	struct sockaddr_in address;
	uint8_t card[6]; /* Ethernet's, where packets come in its frames */
};

struct kdp_link {
	/* The next packet, of at most KDP_PACKET_MAX bytes, and whom it is from; -1 where none
	 * came within so many milliseconds (-1: ever). */
	ssize_t (*receive)(uint8_t *packet, struct kdp_peer *from, int timeout);
	void (*send)(const struct kdp_peer *to, const uint8_t *packet, size_t length);

	/* What was sent to a kernel that ran. */
	void (*drain)(void);

	/* Lines for the console of a kernel that waits: where it is found. "" for none. */
	const char *introduction;
};

#endif
