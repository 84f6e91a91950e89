/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_IN_H
#define OSQ_KPI_IN_H

#include <sys/socket.h>

#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

struct in_addr {
	uint32_t s_addr;
};

struct in6_addr {
	union {
		uint8_t __u6_addr8[16];
		uint32_t __u6_addr32[4]; /* aligns it */
	} __u6_addr;
};
#define s6_addr __u6_addr.__u6_addr8

struct sockaddr_in {
	uint8_t sin_len;
	uint8_t sin_family;
	uint16_t sin_port;
	struct in_addr sin_addr;
	char sin_zero[8];
};
_Static_assert(sizeof(struct sockaddr_in) == 16, "sockaddr_in");
_Static_assert(offsetof(struct sockaddr_in, sin_addr) == 4, "sockaddr_in");

struct sockaddr_in6 {
	uint8_t sin6_len;
	uint8_t sin6_family;
	uint16_t sin6_port;
	uint32_t sin6_flowinfo;
	struct in6_addr sin6_addr;
	uint32_t sin6_scope_id;
};
_Static_assert(sizeof(struct sockaddr_in6) == 28, "sockaddr_in6");
_Static_assert(offsetof(struct sockaddr_in6, sin6_addr) == 8, "sockaddr_in6");
_Static_assert(offsetof(struct sockaddr_in6, sin6_scope_id) == 24, "sockaddr_in6");

#endif
