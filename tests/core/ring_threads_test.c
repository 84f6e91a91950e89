/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Many producers, which lose the processor between reserve and commit and while they hold the
 * lock, and one reader that drains a ring too small for them.
 */
#include "harness.h"
#include "osq_device.h"
#include "ring.h"

#include <pthread.h>
#include <stdlib.h>

#define HEADER        ((uint32_t)sizeof(struct osq_record_header))
#define PRODUCERS_MAX 20

/* At the beginning of each record; bytes of a pattern that both numbers decide follow. */
struct payload {
	uint32_t producer, sequence;
};

struct traffic {
	struct osq_ring ring;
	uint8_t *buffer;
	uint32_t size, producers, records, largest;
	uint32_t running; /* producers that are not done */
	uint32_t refused; /* reservations that gave NULL */
	uint32_t wakes;
};

struct producer {
	struct traffic *traffic;
	uint32_t number;
	pthread_t thread;
};

static uint8_t pattern(const struct payload *payload, uint32_t index)
{
	return (uint8_t)(payload->producer * 59 + payload->sequence * 7 + index);
}

static void *produce(void *argument)
{
	const struct producer *producer = argument;
	struct traffic *traffic = producer->traffic;
	struct random random = harness_random(1000 + producer->number);
	uint32_t refused = 0;

	for (uint32_t i = 0; i < traffic->records; i++) {
		uint32_t extra = random_below(&random, traffic->largest / 4) * 4;
		struct payload *payload = osq_ring_reserve(&traffic->ring, 1 + (int32_t)(i % 2),
		                                           sizeof(*payload) + extra);
		uint8_t *bytes;

		if (!payload) {
			refused++;
			continue;
		}
		bytes = (uint8_t *)(payload + 1);
		payload->producer = producer->number;
		payload->sequence = i;
		for (uint32_t j = 0; j < extra; j++)
			bytes[j] = pattern(payload, j);
		if (osq_ring_commit(&traffic->ring, payload))
			__atomic_add_fetch(&traffic->wakes, 1, __ATOMIC_RELAXED);
	}
	__atomic_add_fetch(&traffic->refused, refused, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&traffic->running, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void check_record(const struct traffic *traffic, const struct osq_record_header *header,
                         int64_t *last)
{
	const struct payload *payload = (const void *)(header + 1);
	const uint8_t *bytes = (const uint8_t *)(payload + 1);

	if (!EXPECT(header->finished == 1 && header->size >= sizeof(*payload)) ||
	    !EXPECT(payload->producer < traffic->producers) ||
	    !EXPECT(payload->sequence < traffic->records))
		return;
	EXPECT_EQUAL(header->event, 1 + payload->sequence % 2);
	EXPECT(payload->sequence > last[payload->producer]); /* each producer's order is kept */
	last[payload->producer] = payload->sequence;
	for (uint32_t i = 0; i < header->size - sizeof(*payload); i++)
		if (!EXPECT_EQUAL(bytes[i], pattern(payload, i)))
			break;
}

/* Reads until the producers are done and the ring is empty; gives back at most `batch` at once. */
static void drain(struct traffic *traffic, uint32_t batch, uint64_t *reads, uint64_t *drops)
{
	int64_t last[PRODUCERS_MAX];
	uint64_t offset = 0, limit;
	int32_t dropped;
	bool last_round;

	for (uint32_t i = 0; i < PRODUCERS_MAX; i++)
		last[i] = -1;
	do {
		last_round = !__atomic_load_n(&traffic->running, __ATOMIC_ACQUIRE);
		if (!EXPECT_EQUAL(osq_ring_release(&traffic->ring, offset), 0) ||
		    !EXPECT_EQUAL(osq_ring_collect(&traffic->ring, &limit, &dropped), 0))
			return;
		*drops += (uint64_t)dropped;
		if (offset == limit)
			sched_yield();
		for (uint32_t i = 0; i < batch && offset != limit; i++) {
			const struct osq_record_header *header =
			    (const void *)(traffic->buffer + offset);

			if (header->event == OSQ_EVENT_WRAP) {
				offset = 0;
				header = (const void *)traffic->buffer;
			}
			check_record(traffic, header, last);
			offset += HEADER + header->size;
			++*reads;
		}
	} while (!last_round || offset != limit);
}

static void run_traffic(uint32_t producers, uint32_t records, uint32_t size, uint32_t largest,
                        uint32_t batch, bool pauses)
{
	struct traffic *traffic = harness_buffer(sizeof(*traffic));
	struct producer threads[PRODUCERS_MAX];
	uint64_t reads = 0, drops = 0;

	traffic->buffer = harness_buffer(size);
	traffic->size = size;
	traffic->producers = traffic->running = producers;
	traffic->records = records;
	traffic->largest = largest;
	EXPECT_EQUAL(osq_ring_init(&traffic->ring), 0);
	EXPECT_EQUAL(osq_ring_open(&traffic->ring, traffic->buffer, size), 0);
	harness_pause_producers(pauses);
	for (uint32_t i = 0; i < producers; i++) {
		threads[i] = (struct producer){.traffic = traffic, .number = i};
		if (pthread_create(&threads[i].thread, NULL, produce, &threads[i]))
			abort();
	}
	drain(traffic, batch, &reads, &drops);
	osq_ring_close(&traffic->ring);
	for (uint32_t i = 0; i < producers; i++)
		pthread_join(threads[i].thread, NULL);
	harness_pause_producers(false);
	EXPECT_EQUAL(reads + drops, (uint64_t)producers * records);
	EXPECT_EQUAL(drops, traffic->refused);
	EXPECT(reads > 0);
	EXPECT_EQUAL(traffic->wakes, 0); /* this reader never slept */
	EXPECT_EQUAL(osq_ring_busy(&traffic->ring), 0);
	osq_ring_exit(&traffic->ring);
	free(traffic->buffer);
	free(traffic);
}

static void test_twenty_producers(void)
{
	run_traffic(20, 4000, 64 << 10, 200, 2000, true);
}

static void test_small_ring(void)
{
	run_traffic(4, 20000, OSQ_BUFFER_MIN, 1500, UINT32_MAX, true);
}

static void test_no_pauses(void)
{
	run_traffic(4, 100000, 32 << 10, 24, UINT32_MAX, false);
}

static void test_slow_reader(void)
{
	run_traffic(4, 20000, 16 << 10, 100, 3, true);
}

static void test_one_producer(void)
{
	run_traffic(1, 100000, OSQ_BUFFER_MIN, 40, UINT32_MAX, false);
}

/*
 * Shutdown: producers go on and on while the ring is opened and closed under them. A buffer goes
 * back to the allocator as soon as nobody is busy in it; the sanitizer sees whoever is late.
 */
static void *produce_until_told(void *argument)
{
	const struct producer *producer = argument;
	struct traffic *traffic = producer->traffic;

	while (__atomic_load_n(&traffic->running, __ATOMIC_RELAXED)) {
		uint8_t *data = osq_ring_reserve(&traffic->ring, 1, 64);

		if (!data) {
			sched_yield();
			continue;
		}
		for (int i = 0; i < 64; i++)
			data[i] = (uint8_t)producer->number;
		osq_ring_commit(&traffic->ring, data);
	}
	return NULL;
}

static void test_shutdown(void)
{
	struct traffic *traffic = harness_buffer(sizeof(*traffic));
	struct producer threads[4];
	uint32_t busy_closes = 0;
	int32_t drops;

	traffic->running = 1;
	osq_ring_init(&traffic->ring);
	harness_pause_producers(true);
	for (uint32_t i = 0; i < 4; i++) {
		threads[i] = (struct producer){.traffic = traffic, .number = i};
		if (pthread_create(&threads[i].thread, NULL, produce_until_told, &threads[i]))
			abort();
	}
	for (uint32_t life = 0; life < 300 && !harness_failed(); life++) {
		uint32_t size = OSQ_BUFFER_MIN + 1024 * (life % 8);
		uint8_t *buffer = harness_buffer(size);
		uint64_t limit = 0;

		if (!EXPECT_EQUAL(osq_ring_open(&traffic->ring, buffer, size), 0))
			break;
		for (uint32_t i = 0; i < life % 16; i++) {
			EXPECT_EQUAL(osq_ring_release(&traffic->ring, limit), 0);
			EXPECT_EQUAL(osq_ring_collect(&traffic->ring, &limit, &drops), 0);
			sched_yield();
		}
		osq_ring_close(&traffic->ring);
		busy_closes += osq_ring_busy(&traffic->ring) > 0;
		while (osq_ring_busy(&traffic->ring))
			sched_yield();
		free(buffer);
	}
	EXPECT(busy_closes > 0); /* else the test tested nothing */
	__atomic_store_n(&traffic->running, 0, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < 4; i++)
		pthread_join(threads[i].thread, NULL);
	osq_ring_exit(&traffic->ring);
	free(traffic);
}

const struct test ring_threads_tests[] = {
    {"ring: 20 producers, reads and drops are what was produced", test_twenty_producers},
    {"ring: the smallest ring under 4 producers", test_small_ring},
    {"ring: 4 producers at full speed", test_no_pauses},
    {"ring: a reader that takes three at a time", test_slow_reader},
    {"ring: one producer, tiny ring", test_one_producer},
    {"ring: closed and freed with reservations in flight", test_shutdown},
    {NULL, NULL},
};
