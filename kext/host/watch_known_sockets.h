/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Watched sockets that filters may know: by the cookie, which no later socket gets. All take a copy
 * of the program's descriptor, and keep none.
 */
#ifndef KEXTHOST_WATCH_KNOWN_SOCKETS_H
#define KEXTHOST_WATCH_KNOWN_SOCKETS_H

#include <stdint.h>

#include "kexthost_protocol.h"

/* As sockets.c knows it; 0 where it does not. */
uint64_t known_socket(int socket);

void known_socket_make(int socket, const struct kexthost_socket *kind);

/* One that was made before any filter is known from now on, to none of them. */
uint64_t known_socket_listening(int socket, const struct kexthost_socket *kind);

/* 0, or an errno of Darwin's from a filter that objects. */
uint32_t known_socket_accept(uint64_t listening, int socket, const struct kexthost_socket *kind);

#endif
