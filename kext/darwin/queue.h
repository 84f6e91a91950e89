/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The extension's one queue: the ring, its memory, the reader that sleeps on it.
 *
 * Producers (reserve, commit) come at any time between init and exit, from threads that may
 * sleep. All other calls need the caller's mutex.
 */
#ifndef OSQ_QUEUE_H
#define OSQ_QUEUE_H

#include <kern/locks.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osq_device.h"

/* 0 or ENOMEM. */
int osq_queue_init(void);
void osq_queue_exit(void);

/*
 * Makes a buffer of args->size bytes, maps it into the calling process and puts the address into
 * args. 0 or an errno; after an error nothing is left.
 */
int osq_queue_allocate(struct osq_allocate_args *args);

/* Is there a buffer, and is it another process that got it? */
bool osq_queue_is_foreign(void);

/*
 * Ends the queue: what is reserved gets finished first, sleepers wake up to EINVAL, the mapping
 * goes. Nothing happens where there is no buffer.
 */
void osq_queue_destroy(void);

/* The SYNC request; `held` is the caller's mutex, given up while asleep. */
int osq_queue_sync(struct osq_sync_args *args, lck_mtx_t *held);

/* As osq_ring_reserve; what is reserved must be committed without sleeping for long. */
void *osq_queue_reserve(int32_t event, size_t size);
void osq_queue_commit(void *record);

/*
 * Is it the client that runs? Its own files and connections are no events: each event that it
 * writes to its log would be the next one.
 */
bool osq_queue_is_client(void);

#endif
