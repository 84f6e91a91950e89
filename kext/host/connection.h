/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* To one thread of a client's: packets, and what the host asks the client during a request. */
#ifndef KEXTHOST_CONNECTION_H
#define KEXTHOST_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kexthost_protocol.h"
#include "process.h"

struct connection {
	int descriptor;
	struct process *process;
	uint32_t sequence; /* of the request that is served */
	bool interrupted;  /* that request was */
	bool dead;
	struct kexthost_header header;       /* of the packet received last */
	uint8_t data[KEXTHOST_DATA_MAX + 1]; /* of it; a NUL follows */
};

/* Takes the descriptor over. NULL for want of memory or where the other end has gone. */
struct connection *connection_make(int descriptor);
void connection_destroy(struct connection *connection);

/* The next request. False when the client has gone or speaks nonsense. */
bool connection_receive(struct connection *connection);

/* `passed` is a descriptor to go with it, or -1. */
bool connection_reply(struct connection *connection, const struct kexthost_header *reply,
                      const void *data, size_t length, int passed);

/*
 * Asks the client during a request; its answer is in header and data then, which hold the request
 * no more. False when the client has gone.
 */
bool connection_ask(struct connection *connection, const struct kexthost_header *question,
                    const void *data, size_t length, int passed);

/* Has the client interrupted its request, or gone? Never waits. */
bool connection_is_interrupted(struct connection *connection);
int connection_descriptor(const struct connection *connection);

#endif
