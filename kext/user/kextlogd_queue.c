// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct logd_queue {
	unsigned char *ring;
	uint64_t size;
	uint64_t put;  /* the reader's alone */
	uint64_t seen; /* `released` as the reader last saw it */

	pthread_mutex_t lock;
	pthread_cond_t published_more, released_more;
	uint64_t published, released; /* under the lock */
};

struct logd_queue *logd_queue_create(size_t size)
{
	struct logd_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->ring = malloc(size);
	if (!queue->ring) {
		free(queue);
		return NULL;
	}
	queue->size = size;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->published_more, NULL);
	pthread_cond_init(&queue->released_more, NULL);
	return queue;
}

void logd_queue_destroy(struct logd_queue *queue)
{
	pthread_cond_destroy(&queue->released_more);
	pthread_cond_destroy(&queue->published_more);
	pthread_mutex_destroy(&queue->lock);
	free(queue->ring);
	free(queue);
}

void logd_queue_reserve(struct logd_queue *queue, size_t bytes)
{
	if (queue->size - (queue->put - queue->seen) >= bytes)
		return;
	pthread_mutex_lock(&queue->lock);
	while (queue->size - (queue->put - queue->released) < bytes)
		pthread_cond_wait(&queue->released_more, &queue->lock);
	queue->seen = queue->released;
	pthread_mutex_unlock(&queue->lock);
}

#define LOOK_MS 10

/* Whether there is room by now. */
static bool look(struct logd_queue *queue, size_t bytes)
{
	pthread_mutex_lock(&queue->lock);
	queue->seen = queue->released;
	pthread_mutex_unlock(&queue->lock);
	return queue->size - (queue->put - queue->seen) >= bytes;
}

/* It looks now and then: a full queue lasts, and not all systems wait by a clock that nobody sets.
 */
bool logd_queue_try_reserve(struct logd_queue *queue, size_t bytes, int milliseconds)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
	int waited = 0;

	if (queue->size - (queue->put - queue->seen) >= bytes)
		return true;
	for (;;) {
		const uint64_t seen = queue->seen;

		if (look(queue, bytes))
			return true;
		if (queue->seen != seen)
			waited = 0;
		if (waited >= milliseconds)
			return false;
		nanosleep(&pause, NULL);
		waited += LOOK_MS;
	}
}

static struct logd_item *add(struct logd_queue *queue, enum logd_kind kind, uint64_t size)
{
	struct logd_item *item = (struct logd_item *)(queue->ring + queue->put % queue->size);

	item->size = (uint32_t)size;
	item->kind = kind;
	queue->put += size;
	return item;
}

void *logd_queue_put(struct logd_queue *queue, enum logd_kind kind, size_t size)
{
	uint64_t whole = sizeof(struct logd_item) + ((size + 7) & ~(uint64_t)7);
	uint64_t to_end = queue->size - queue->put % queue->size;

	if (whole > to_end)
		add(queue, LOGD_ITEM_FILLER, to_end);
	return add(queue, kind, whole)->payload;
}

void logd_queue_publish(struct logd_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->published = queue->put;
	pthread_cond_signal(&queue->published_more);
	pthread_mutex_unlock(&queue->lock);
}

const struct logd_item *logd_queue_take(struct logd_queue *queue, size_t *bytes)
{
	uint64_t ready, first;

	pthread_mutex_lock(&queue->lock);
	while (queue->published == queue->released)
		pthread_cond_wait(&queue->published_more, &queue->lock);
	ready = queue->published - queue->released;
	first = queue->released % queue->size;
	pthread_mutex_unlock(&queue->lock);
	*bytes = (size_t)(ready < queue->size - first ? ready : queue->size - first);
	return (const struct logd_item *)(queue->ring + first);
}

void logd_queue_release(struct logd_queue *queue, size_t bytes)
{
	pthread_mutex_lock(&queue->lock);
	queue->released += bytes;
	pthread_cond_signal(&queue->released_more);
	pthread_mutex_unlock(&queue->lock);
}
