/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Memory of the calling process: the client is asked for it, on the connection that its thread
 * waits on. The host's own threads have none.
 */
#ifndef KEXTHOST_USER_MEMORY_H
#define KEXTHOST_USER_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* 0, or Darwin's EFAULT. Panic where the thread must not sleep. */
int user_copy_in(uint64_t from, void *to, size_t size);
int user_copy_out(const void *from, uint64_t to, size_t size);

#endif
