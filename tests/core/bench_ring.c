/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The ring as the benchmark sees it, once with a reader that polls, once with one that sleeps. */
#include "bench_queue.h"
#include "osq_device.h"
#include "ring.h"

#include <pthread.h>
#include <stdlib.h>

static struct osq_ring ring;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t awake = PTHREAD_COND_INITIALIZER;

static void open_ring(void *buffer, size_t size)
{
	if (osq_ring_init(&ring) || osq_ring_open(&ring, buffer, size))
		abort();
}

static void close_ring(void)
{
	osq_ring_close(&ring);
	if (osq_ring_busy(&ring))
		abort();
	osq_ring_exit(&ring);
}

static void *reserve(size_t size)
{
	return osq_ring_reserve(&ring, OSQ_EVENT_TEST_0, size);
}

static void commit(void *data)
{
	osq_ring_commit(&ring, data);
}

static uint64_t sync_polling(uint64_t read_offset)
{
	uint64_t limit;
	int32_t drops;

	if (osq_ring_release(&ring, read_offset) || osq_ring_collect(&ring, &limit, &drops))
		abort();
	return limit;
}

static void commit_and_wake(void *data)
{
	if (!osq_ring_commit(&ring, data))
		return;
	pthread_mutex_lock(&lock);
	pthread_cond_signal(&awake);
	pthread_mutex_unlock(&lock);
}

/* Sleeps once, not until there is something: at the end of a round nothing comes any more. */
static uint64_t sync_sleeping(uint64_t read_offset)
{
	struct timespec until;

	if (osq_ring_release(&ring, read_offset))
		abort();
	pthread_mutex_lock(&lock);
	if (!osq_ring_arm(&ring)) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += (until.tv_nsec + 10000000) / 1000000000;
		until.tv_nsec = (until.tv_nsec + 10000000) % 1000000000;
		pthread_cond_timedwait(&awake, &lock, &until);
	}
	pthread_mutex_unlock(&lock);
	return sync_polling(read_offset);
}

const struct bench_queue bench_ring = {"ring",  open_ring, close_ring,
                                       reserve, commit,    sync_polling};
const struct bench_queue bench_sleeping = {"ring-sleeping", open_ring,       close_ring,
                                           reserve,         commit_and_wake, sync_sleeping};
