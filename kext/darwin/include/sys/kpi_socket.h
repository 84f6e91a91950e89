/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_SOCKET_H
#define OSQ_KPI_SOCKET_H

#include <sys/kernel_types.h>
#include <sys/socket.h>

errno_t sock_gettype(socket_t socket, int *domain, int *type, int *protocol);
errno_t sock_getsockname(socket_t socket, struct sockaddr *name, int size);

#endif
