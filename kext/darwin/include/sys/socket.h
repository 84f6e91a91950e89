/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_SYS_SOCKET_H
#define OSQ_KPI_SYS_SOCKET_H

#include <sys/types.h>

#define SOCK_STREAM 1
#define SOCK_DGRAM  2

#define AF_INET     2
#define AF_INET6    30
#define PF_INET     AF_INET
#define PF_INET6    AF_INET6

struct sockaddr {
	uint8_t sa_len; /* in all */
	uint8_t sa_family;
	char sa_data[14];
};
_Static_assert(sizeof(struct sockaddr) == 16, "sockaddr");

#endif
