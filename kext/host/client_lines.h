/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the parts of the client library share; programs want none of it. */
#ifndef KEXTHOST_CLIENT_LINES_H
#define KEXTHOST_CLIENT_LINES_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "client.h"

/* From or to the program's memory: false where there is none. */
bool kexthost_copy(void *ours, uint64_t theirs, size_t length, bool in);

/* Which of the host's files a descriptor is; 0 for none. */
uint64_t kexthost_handle(int descriptor);

/* The descriptor that came with an answer is a program's from now on. It, or -1. */
int kexthost_adopt(const struct kexthost_answer *answer, bool close_on_exec);

/* 0, or -1 with errno for one of Darwin's. */
int kexthost_succeed(uint32_t error);

/*
 * A request that is interrupted when one of `files` is ready, but for the first of them, which is
 * the request's.
 */
bool kexthost_request_beside(const struct kexthost_header *request, const void *data, size_t length,
                             struct kexthost_answer *answer, struct pollfd *files, nfds_t count);

#endif
