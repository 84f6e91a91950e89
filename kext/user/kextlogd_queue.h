/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Between the thread that reads the channel and the one that writes the lines: a ring of items.
 *
 *      released        published        put
 *   ------|----------------|--------------|-------------   one side's positions only grow
 *         ^ the writer's   ^ both know it ^ the reader's
 *
 * Neither side copies or locks for an item: the reader fills what it has reserved and publishes
 * many items at once, the writer takes what has been published in one piece, and releases it.
 */
#ifndef KEXTLOGD_QUEUE_H
#define KEXTLOGD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kextlogd_items.h"

struct logd_queue;

struct logd_item {
	uint32_t size; /* with this header; a multiple of 8. The next item follows at once */
	uint32_t kind;
	unsigned char payload[];
};

/* `size` is a multiple of 8. NULL with errno. */
struct logd_queue *logd_queue_create(size_t size);
void logd_queue_destroy(struct logd_queue *queue);

/* The reader's. Waits until items with so many bytes, headers and all, can be put. */
void logd_queue_reserve(struct logd_queue *queue, size_t bytes);
/* The same, but gives up when nothing at all has been released for so long: false. */
bool logd_queue_try_reserve(struct logd_queue *queue, size_t bytes, int milliseconds);
/* A new item's payload. The item is seen when it has been published. */
void *logd_queue_put(struct logd_queue *queue, enum logd_kind kind, size_t size);
void logd_queue_publish(struct logd_queue *queue);

/* How many bytes an item with such a payload needs at most, the ring's end being anywhere. */
#define LOGD_ITEM_ROOM(payload) (2 * (sizeof(struct logd_item) + (((payload) + 7) & ~(size_t)7)))

/* The writer's. Waits for items: *bytes of them, one behind the other. */
const struct logd_item *logd_queue_take(struct logd_queue *queue, size_t *bytes);
void logd_queue_release(struct logd_queue *queue, size_t bytes);

#endif
