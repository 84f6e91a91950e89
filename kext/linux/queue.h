/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The module's one queue: the ring, its memory, the reader that sleeps on it.
 *
 * Producers (reserve, commit) come at any time between init and exit, from any context in which a
 * raw spin lock may be taken and a sleeper be woken. All other calls need the caller's mutex.
 */
#ifndef OSQ_QUEUE_H
#define OSQ_QUEUE_H

#include <linux/mutex.h>
#include "osq_device.h"

int osq_queue_init(void);
void osq_queue_exit(void);

/*
 * Makes a buffer of args->size bytes, maps it into the calling process and writes args, with the
 * address, to `answer`. 0 or a negative errno; after an error nothing is left.
 */
int osq_queue_allocate(struct osq_allocate_args *args, void __user *answer);

/* Is there a buffer, and is it another process that got it? */
bool osq_queue_is_foreign(void);

/*
 * Ends the queue: what is reserved gets finished first, sleepers wake up to EINVAL. The mapping
 * goes if the caller is the process that has it; otherwise it stays readable until that process
 * unmaps it or ends. Nothing happens where there is no buffer.
 */
void osq_queue_destroy(void);

/* The SYNC request; `held` is the caller's mutex, given up while asleep. */
int osq_queue_sync(struct osq_sync_args *args, struct mutex *held);

/* The answer of the last sync did not reach the reader, nor did its number of drops. */
void osq_queue_lose_count(void);

/* As osq_ring_reserve; what is reserved must be committed without sleeping for long. */
void *osq_queue_reserve(int32_t event, size_t size);
void osq_queue_commit(void *record);

/* Counts an event that could not even be tried to reserve. */
void osq_queue_drop(void);

/*
 * Is it the client that runs? Its own files and connections are no events: each event that it
 * writes to its log would be the next one.
 */
bool osq_queue_is_client(void);

#endif
