/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A client's request, and the answer to it, by what it is about. */
#ifndef KEXTHOST_EXCHANGE_H
#define KEXTHOST_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "kexthost_protocol.h"

struct connection;

/* The connection's buffer is for what is asked meanwhile. */
struct exchange {
	struct connection *connection;
	struct kexthost_header request;
	struct kexthost_header reply;
	const void *data; /* of the reply */
	size_t length;
	int passed;
	char *text; /* of the request; freed with it */
	void *allocated;
};

/* Each gives an errno of Darwin's, and asks the next one where it knows no such request. */
uint32_t serve_open_file(struct exchange *exchange);
uint32_t serve_sysctl(struct exchange *exchange);

#endif
