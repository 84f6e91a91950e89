/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The design that the ring replaces, plainly: one spin lock, the C library's, around reserve, again
 * around commit, and around the reader's sync. Under it a commit asks for both times, by clocks
 * that count microseconds, and moves the limit of what is readable over finished records; after
 * each of these it lets go of the lock and takes it again. (It also woke whoever slept, per record:
 * that is left out.)
 */
#include "bench_queue.h"
#include "osq_device.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define HEADER sizeof(struct osq_record_header)

static struct {
	pthread_spinlock_t lock;
	uint8_t *buffer;
	size_t size, read, max_read, write;
	int drops;
} queue;

static void open_queue(void *buffer, size_t size)
{
	queue.buffer = buffer;
	queue.size = size;
	queue.read = queue.max_read = queue.write = 0;
	if (pthread_spin_init(&queue.lock, PTHREAD_PROCESS_PRIVATE))
		abort();
}

static void close_queue(void)
{
	pthread_spin_destroy(&queue.lock);
}

static struct osq_record_header *header_at(size_t offset)
{
	return (struct osq_record_header *)(queue.buffer + offset);
}

static void *reserve(size_t size)
{
	struct osq_record_header *header = NULL;
	size_t need = HEADER + size;

	pthread_spin_lock(&queue.lock);
	if (queue.write < queue.read) {
		if (need < queue.read - queue.write)
			header = header_at(queue.write);
	} else if (need <= queue.size - queue.write - HEADER) {
		header = header_at(queue.write);
	} else if (need < queue.read) {
		header_at(queue.write)->event = OSQ_EVENT_WRAP;
		header = header_at(0);
		queue.write = 0;
	}
	if (header) {
		header->event = OSQ_EVENT_TEST_0;
		header->finished = 0;
		header->size = size;
		queue.write += need;
	} else {
		queue.drops++;
	}
	pthread_spin_unlock(&queue.lock);
	return header ? header + 1 : NULL;
}

static void commit(void *data)
{
	struct osq_record_header *header = (struct osq_record_header *)data - 1;
	struct timespec now;

	pthread_spin_lock(&queue.lock);
	header->finished = 1;
	clock_gettime(CLOCK_REALTIME, &now);
	header->time = (uint32_t)now.tv_sec;
	clock_gettime(CLOCK_MONOTONIC, &now);
	header->uptime = (uint32_t)now.tv_sec;
	while (queue.max_read != queue.write) {
		header = header_at(queue.max_read);
		if (header->event == OSQ_EVENT_WRAP) {
			queue.max_read = 0;
			continue;
		}
		if (!header->finished)
			break;
		queue.max_read += HEADER + header->size;
		pthread_spin_unlock(&queue.lock);
		pthread_spin_lock(&queue.lock);
	}
	pthread_spin_unlock(&queue.lock);
}

static uint64_t sync_queue(uint64_t read_offset)
{
	uint64_t limit;

	pthread_spin_lock(&queue.lock);
	limit = queue.max_read;
	queue.read = read_offset;
	pthread_spin_unlock(&queue.lock);
	return limit;
}

const struct bench_queue bench_old = {"old", open_queue, close_queue, reserve, commit, sync_queue};
