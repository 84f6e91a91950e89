/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A device of kexthost's, for programs: as open, ioctl and close, with this system's errno. Each
 * thread is a thread of its own there. The host is found at the path that kexthost_use was given,
 * else in KEXTHOST_SOCKET, else where the Darwin guest has it.
 */
#ifndef KEXTHOST_CLIENT_H
#define KEXTHOST_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "kexthost_protocol.h"

#define KEXTHOST_DEFAULT_PATH "/var/run/kexthost.socket"

/* The path must last. */
void kexthost_use(const char *socket_path);

/* `name` is below /dev, or has that before it. `flags` of open(2). A descriptor, or -1. */
int kexthost_open(const char *name, int flags);

/* `request` as Darwin encodes it. 0, or -1. Memory that it maps is mapped when it returns. */
int kexthost_ioctl(int descriptor, unsigned long request, void *argument);

/* As dup(2). -1 where there is no room to remember it. */
int kexthost_dup(int descriptor);

/* Returns when the device is closed, where this was the last copy of the descriptor. 0, or -1. */
int kexthost_close(int descriptor);

/*
 * Any other request. False where the host is gone. `data` of the reply is valid until the calling
 * thread's next request, and a NUL follows it; a descriptor that came with it is -1 or the
 * caller's.
 */
struct kexthost_answer {
	struct kexthost_header header;
	const char *data;
	int descriptor;
};
_Bool kexthost_request(const struct kexthost_header *request, const void *data, size_t length,
                       struct kexthost_answer *answer);

/* This system's errno for one of Darwin's. */
int kexthost_errno(uint32_t darwins);

#endif
