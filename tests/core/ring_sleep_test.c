/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The reader that falls asleep while a producer finishes a record: one must see the other. */
#include "harness.h"
#include "osq_device.h"
#include "ring.h"

#include <pthread.h>
#include <stdlib.h>

#define HEADER ((uint32_t)sizeof(struct osq_record_header))

struct bed {
	struct osq_ring ring;
	uint8_t *buffer;
	pthread_mutex_t lock;
	pthread_cond_t awake;
	uint32_t records;

	/* The race of two calls. */
	uint32_t round; /* written by the reader: go */
	uint32_t done;  /* written by the producer */
	void *reserved;
	bool told; /* what commit returned */
};

static struct bed *make_bed(uint32_t size)
{
	struct bed *bed = harness_buffer(sizeof(*bed));

	bed->buffer = harness_buffer(size);
	pthread_mutex_init(&bed->lock, NULL);
	pthread_cond_init(&bed->awake, NULL);
	EXPECT_EQUAL(osq_ring_init(&bed->ring), 0);
	EXPECT_EQUAL(osq_ring_open(&bed->ring, bed->buffer, size), 0);
	return bed;
}

static void unmake_bed(struct bed *bed)
{
	osq_ring_close(&bed->ring);
	osq_ring_exit(&bed->ring);
	pthread_cond_destroy(&bed->awake);
	pthread_mutex_destroy(&bed->lock);
	free(bed->buffer);
	free(bed);
}

/* A port's blocking sync: here the wait queue is a condition variable. */
static void sync_blocking(struct bed *bed, uint64_t *offset, uint64_t *limit, int32_t *drops)
{
	EXPECT_EQUAL(osq_ring_release(&bed->ring, *offset), 0);
	pthread_mutex_lock(&bed->lock);
	while (!osq_ring_arm(&bed->ring))
		pthread_cond_wait(&bed->awake, &bed->lock);
	pthread_mutex_unlock(&bed->lock);
	EXPECT_EQUAL(osq_ring_collect(&bed->ring, limit, drops), 0);
}

static void commit_and_wake(struct bed *bed, void *data)
{
	if (!osq_ring_commit(&bed->ring, data))
		return;
	pthread_mutex_lock(&bed->lock);
	pthread_cond_signal(&bed->awake);
	pthread_mutex_unlock(&bed->lock);
}

static void *produce_sparsely(void *argument)
{
	struct bed *bed = argument;
	struct random random = harness_random(31);

	for (uint32_t i = 0; i < bed->records; i++) {
		uint32_t *data = osq_ring_reserve(&bed->ring, 1, sizeof(*data));

		if (!data) {
			sched_yield(); /* not lost: this producer tries until it fits */
			i--;
			continue;
		}
		*data = i;
		commit_and_wake(bed, data);
		for (uint32_t pause = random_below(&random, 400); pause; pause--)
			osq_port_relax();
	}
	return NULL;
}

/* A wake-up that gets lost leaves the reader asleep on a record: the watchdog tells. */
static void test_blocking_reader(void)
{
	struct bed *bed = make_bed(OSQ_BUFFER_MIN);
	uint64_t offset = 0, limit = 0;
	uint32_t expected = 0;
	pthread_t thread;
	int32_t drops;

	bed->records = 100000;
	if (pthread_create(&thread, NULL, produce_sparsely, bed))
		abort();
	while (expected < bed->records && !harness_failed()) {
		sync_blocking(bed, &offset, &limit, &drops);
		EXPECT(offset != limit); /* it blocks until there is data */
		while (offset != limit) {
			const struct osq_record_header *header =
			    (const void *)(bed->buffer + offset);

			if (header->event == OSQ_EVENT_WRAP)
				header = (const void *)bed->buffer;
			EXPECT_EQUAL(*(const uint32_t *)(header + 1), expected);
			expected++;
			offset =
			    (uint64_t)((const uint8_t *)(header + 1) - bed->buffer) + header->size;
		}
	}
	pthread_join(thread, NULL);
	unmake_bed(bed);
}

/* Spins, for the other one is about to write; gives way after a while, should it be preempted. */
static void wait_until(const uint32_t *address, uint32_t value)
{
	for (uint32_t spins = 1; __atomic_load_n(address, __ATOMIC_ACQUIRE) != value; spins++)
		if (spins % 1024 == 0)
			sched_yield();
}

static void *commit_on_go(void *argument)
{
	struct bed *bed = argument;

	for (uint32_t round = 1; round <= bed->records; round++) {
		wait_until(&bed->round, round);
		/* With this line at hand, and the record's in the reader's cache, a load of
		 * `waiting` that may overtake the store to `finished` does so. */
		osq_port_load_relaxed(&bed->ring.waiting);
		bed->told = osq_ring_commit(&bed->ring, bed->reserved);
		__atomic_store_n(&bed->done, round, __ATOMIC_RELEASE);
	}
	return NULL;
}

/*
 * One commit against one arm, many times: "nobody is to be woken" and "nothing to read" must never
 * come together. This catches a missing barrier without anybody having to sleep on it.
 */
static void test_commit_against_arm(void)
{
	struct bed *bed = make_bed(OSQ_BUFFER_MIN);
	struct random random = harness_random(32);
	uint64_t limit = 0;
	pthread_t thread;
	int32_t drops;

	bed->records = 100000;
	if (pthread_create(&thread, NULL, commit_on_go, bed))
		abort();
	for (uint32_t round = 1; round <= bed->records; round++) {
		bool readable;

		EXPECT_EQUAL(osq_ring_release(&bed->ring, limit), 0);
		bed->reserved = osq_ring_reserve(&bed->ring, 1, 8);
		EXPECT(bed->reserved);
		__atomic_store_n(&bed->round, round, __ATOMIC_RELEASE);
		for (uint32_t step = random_below(&random, 500); step; step--)
			__asm__ volatile("");
		readable = osq_ring_arm(&bed->ring);
		wait_until(&bed->done, round);
		EXPECT(readable || bed->told);
		EXPECT_EQUAL(osq_ring_collect(&bed->ring, &limit, &drops), 0);
	}
	pthread_join(thread, NULL);
	unmake_bed(bed);
}

/* Of many commits after one arm, one and only one has to wake. */
static void test_one_wake_for_many_commits(void)
{
	struct bed *bed = make_bed(OSQ_BUFFER_MIN);
	void *data[3];

	for (int i = 0; i < 3; i++)
		data[i] = osq_ring_reserve(&bed->ring, 1, 8);
	EXPECT(!osq_ring_arm(&bed->ring));
	/* Not readable yet, for the first one is not finished; a reader that wakes arms anew. */
	EXPECT(osq_ring_commit(&bed->ring, data[1]));
	EXPECT(!osq_ring_commit(&bed->ring, data[2]));
	EXPECT(!osq_ring_arm(&bed->ring));
	EXPECT(osq_ring_commit(&bed->ring, data[0]));
	EXPECT(osq_ring_arm(&bed->ring));
	unmake_bed(bed);
}

/* What was made readable, but not given back, is no reason to sleep; given back, it is. */
static void test_readable_is_awake(void)
{
	struct bed *bed = make_bed(OSQ_BUFFER_MIN);
	uint64_t limit = 0;
	int32_t drops;

	osq_ring_commit(&bed->ring, osq_ring_reserve(&bed->ring, 1, 8));
	EXPECT(osq_ring_arm(&bed->ring));
	EXPECT_EQUAL(osq_ring_collect(&bed->ring, &limit, &drops), 0);
	EXPECT(osq_ring_arm(&bed->ring));
	EXPECT_EQUAL(osq_ring_release(&bed->ring, limit), 0);
	EXPECT(!osq_ring_arm(&bed->ring));
	unmake_bed(bed);
}

const struct test ring_sleep_tests[] = {
    {"ring: a sleeping reader misses no record", test_blocking_reader},
    {"ring: of a commit and an arm one sees the other", test_commit_against_arm},
    {"ring: what is readable keeps the reader awake", test_readable_is_awake},
    {"ring: one commit wakes, the next ones need not", test_one_wake_for_many_commits},
    {NULL, NULL},
};
