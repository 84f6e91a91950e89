/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* One file to a server of kdumpd's protocol, in packets that are acknowledged one by one. */
#ifndef KEXTHOST_KDP_TRANSFER_H
#define KEXTHOST_KDP_TRANSFER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KDP_TRANSFER_NAME_MAX 63

/* All false where the server does not answer, or answers with an error. */
bool kdp_transfer_begin(const struct in_addr *from, const struct sockaddr_in *server,
                        const char *name);
bool kdp_transfer_seek(uint64_t offset);

/* The last packet is filled up: what comes next is for a seek to say. */
bool kdp_transfer_data(const void *data, size_t size);
bool kdp_transfer_end(void);

void kdp_transfer_close(void);

#endif
