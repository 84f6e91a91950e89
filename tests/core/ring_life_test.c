/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Open, close, limits, bad offsets, drops, and a buffer that somebody else wrote to. */
#include "harness.h"
#include "osq_device.h"
#include "ring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define HEADER ((uint32_t)sizeof(struct osq_record_header))
#define SIZE   OSQ_BUFFER_MIN

struct fixture {
	struct osq_ring ring;
	uint8_t *buffer;
	uint64_t limit;
	int32_t drops;
};

static struct fixture *begin(void)
{
	struct fixture *fixture = harness_buffer(sizeof(*fixture));

	fixture->buffer = harness_buffer(SIZE);
	EXPECT_EQUAL(osq_ring_init(&fixture->ring), 0);
	EXPECT_EQUAL(osq_ring_open(&fixture->ring, fixture->buffer, SIZE), 0);
	return fixture;
}

static void end(struct fixture *fixture)
{
	osq_ring_close(&fixture->ring);
	osq_ring_exit(&fixture->ring);
	free(fixture->buffer);
	free(fixture);
}

static bool put(struct fixture *fixture, size_t size)
{
	uint8_t *data = osq_ring_reserve(&fixture->ring, OSQ_EVENT_FILE, size);

	if (!data)
		return false;
	memset(data, 0x5A, size);
	osq_ring_commit(&fixture->ring, data);
	return true;
}

static int collect(struct fixture *fixture)
{
	return osq_ring_collect(&fixture->ring, &fixture->limit, &fixture->drops);
}

static void test_open_checks_its_arguments(void)
{
	struct osq_ring ring;
	void *buffer = harness_buffer(SIZE);

	osq_ring_init(&ring);
	EXPECT_EQUAL(osq_ring_open(&ring, buffer, 0), EINVAL);
	EXPECT_EQUAL(osq_ring_open(&ring, buffer, OSQ_BUFFER_MIN - 1), EINVAL);
	EXPECT_EQUAL(osq_ring_open(&ring, buffer, OSQ_BUFFER_MAX + 1), EINVAL);
	EXPECT_EQUAL(osq_ring_open(&ring, buffer, UINT64_MAX), EINVAL);
	EXPECT_EQUAL(osq_ring_open(&ring, buffer, (1ULL << 32) + SIZE), EINVAL);
	EXPECT_EQUAL(osq_ring_open(&ring, NULL, SIZE), EINVAL);
	EXPECT(!osq_ring_reserve(&ring, 1, 8));
	EXPECT_EQUAL(osq_ring_open(&ring, buffer, SIZE), 0);
	EXPECT_EQUAL(osq_ring_open(&ring, buffer, SIZE), EBUSY);
	osq_ring_close(&ring);
	osq_ring_exit(&ring);
	free(buffer);
}

static void test_closed_ring_refuses(void)
{
	struct fixture *fixture = begin();

	EXPECT(put(fixture, 8));
	osq_ring_close(&fixture->ring);
	EXPECT(!put(fixture, 8));
	EXPECT_EQUAL(osq_ring_open(&fixture->ring, fixture->buffer, SIZE), EBUSY);
	EXPECT_EQUAL(osq_ring_busy(&fixture->ring), 0);
	EXPECT(!put(fixture, 8));
	EXPECT_EQUAL(collect(fixture), EINVAL);
	EXPECT_EQUAL(osq_ring_release(&fixture->ring, 0), EINVAL);
	EXPECT(osq_ring_arm(&fixture->ring)); /* a sleeper must find out */
	end(fixture);
}

static void test_reservations_in_flight(void)
{
	struct fixture *fixture = begin();
	void *first = osq_ring_reserve(&fixture->ring, 1, 8);
	void *second = osq_ring_reserve(&fixture->ring, 1, 8);
	void *third = osq_ring_reserve(&fixture->ring, 1, 8);

	EXPECT_EQUAL(osq_ring_busy(&fixture->ring), 3);
	osq_ring_commit(&fixture->ring, second);
	EXPECT_EQUAL(osq_ring_busy(&fixture->ring), 2);
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->limit, 0); /* the first one holds the second back */
	osq_ring_close(&fixture->ring);
	EXPECT_EQUAL(osq_ring_open(&fixture->ring, fixture->buffer, SIZE), EBUSY);
	osq_ring_commit(&fixture->ring, first);
	EXPECT_EQUAL(osq_ring_busy(&fixture->ring), 1);
	osq_ring_commit(&fixture->ring, third);
	EXPECT_EQUAL(osq_ring_busy(&fixture->ring), 0);
	EXPECT_EQUAL(osq_ring_open(&fixture->ring, fixture->buffer, SIZE), 0);
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->limit, 0);
	end(fixture);
}

static void test_full_ring_counts_drops(void)
{
	struct fixture *fixture = begin();
	const uint32_t whole = 40 + HEADER;
	uint32_t fit = 0;

	while (put(fixture, 40))
		fit++;
	EXPECT_EQUAL(fit, (SIZE - HEADER) / whole);
	for (int i = 0; i < 9; i++)
		EXPECT(!put(fixture, 40));
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->drops, 10);
	EXPECT_EQUAL(fixture->limit, fit * whole);
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->drops, 0);

	/* Room for exactly one more: a tail that lies one record further, and one byte of doubt. */
	EXPECT_EQUAL(osq_ring_release(&fixture->ring, whole), 0);
	EXPECT(!put(fixture, 40));
	EXPECT_EQUAL(osq_ring_release(&fixture->ring, whole + 4), 0);
	EXPECT(put(fixture, 40));
	EXPECT(!put(fixture, 0));
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->drops, 2);
	EXPECT_EQUAL(fixture->limit, whole);
	end(fixture);
}

static void test_too_large_is_a_drop(void)
{
	static const size_t sizes[] = {SIZE_MAX,
	                               SIZE_MAX - 3,
	                               SIZE_MAX - 23,
	                               SIZE_MAX - 24,
	                               SIZE_MAX / 2 + 1,
	                               UINT32_MAX,
	                               UINT32_MAX - 3,
	                               UINT32_MAX - 23,
	                               (size_t)UINT32_MAX + 1,
	                               OSQ_BUFFER_MAX,
	                               SIZE,
	                               SIZE - 2 * HEADER + 1};
	struct fixture *fixture = begin();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		EXPECT(!osq_ring_reserve(&fixture->ring, 1, sizes[i]));
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->drops, sizeof(sizes) / sizeof(*sizes));
	EXPECT(put(fixture, SIZE - 2 * HEADER));
	end(fixture);
}

static void test_event_must_be_positive(void)
{
	struct fixture *fixture = begin();

	EXPECT(!osq_ring_reserve(&fixture->ring, 0, 8));
	EXPECT(!osq_ring_reserve(&fixture->ring, -1, 8));
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->drops, 0);
	end(fixture);
}

static void test_drops_beyond_telling_are_negative(void)
{
	struct fixture *fixture = begin();

	fixture->ring.dropped = (uint64_t)INT32_MAX;
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->drops, INT32_MAX);
	fixture->ring.dropped += (uint64_t)INT32_MAX + 1;
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT(fixture->drops < 0);
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->drops, 0);
	end(fixture);
}

static void test_bad_offsets(void)
{
	static const uint64_t bad[] = {
	    4 + 3 * (HEADER + 16), SIZE, SIZE - 4, 1, 2, 3, UINT64_MAX, 1ULL << 32, 1ULL << 63};
	struct fixture *fixture = begin();

	EXPECT_EQUAL(osq_ring_release(&fixture->ring, 4), EINVAL); /* nothing readable yet */
	for (int i = 0; i < 4; i++)
		EXPECT(put(fixture, 16));
	EXPECT_EQUAL(osq_ring_release(&fixture->ring, 4), EINVAL); /* nor collected */
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT(put(fixture, 16));
	EXPECT_EQUAL(osq_ring_release(&fixture->ring, 3 * (HEADER + 16)), 0);
	for (size_t i = 1; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_EQUAL(osq_ring_release(&fixture->ring, bad[i]), EINVAL);
	EXPECT_EQUAL(osq_ring_release(&fixture->ring, 2 * (HEADER + 16)), EINVAL); /* back */
	EXPECT_EQUAL(osq_ring_release(&fixture->ring, 5 * (HEADER + 16)), EINVAL);
	EXPECT_EQUAL(osq_ring_release(&fixture->ring, 4 * (HEADER + 16)), 0);
	end(fixture);
}

/* The reader must not be sent past a filler to a record that is not there yet. */
static void test_edge_waits_before_a_filler(void)
{
	struct fixture *fixture = begin();
	void *unfinished;

	EXPECT(put(fixture, 5000));
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(osq_ring_release(&fixture->ring, fixture->limit), 0);
	unfinished = osq_ring_reserve(&fixture->ring, 1, 4000);
	EXPECT((uint8_t *)unfinished == fixture->buffer + HEADER);
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->limit, 5000 + HEADER);
	EXPECT_EQUAL(((struct osq_record_header *)(fixture->buffer + 5000 + HEADER))->event,
	             OSQ_EVENT_WRAP);
	EXPECT(!osq_ring_arm(&fixture->ring));
	EXPECT(osq_ring_commit(&fixture->ring, unfinished)); /* armed, so wake */
	EXPECT_EQUAL(collect(fixture), 0);
	EXPECT_EQUAL(fixture->limit, 4000 + HEADER);
	end(fixture);
}

/* The kernel maps the buffer for reading only. Should that fail, nothing may leave the buffer. */
static void test_damaged_headers_are_found(void)
{
	static const struct {
		int32_t event;
		uint64_t size;
	} damages[] = {{0, 16},
	               {1, 17},
	               {1, 20},
	               {1, UINT64_MAX},
	               {1, UINT64_MAX - 23},
	               {1, 1ULL << 32},
	               {1, SIZE},
	               {0, UINT64_MAX},
	               {1, (1ULL << 32) + 16}};

	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		struct fixture *fixture = begin();
		struct osq_record_header *header = (void *)fixture->buffer;

		EXPECT(put(fixture, 16));
		header->event = damages[i].event;
		header->size = damages[i].size;
		EXPECT_EQUAL(collect(fixture), EIO);
		EXPECT(osq_ring_arm(&fixture->ring));
		EXPECT(osq_ring_busy(&fixture->ring) > 0);
		end(fixture);
	}
}

/* Any bytes at all, found by chance: no call may leave the buffer or hang. */
static void test_random_damage_is_contained(void)
{
	struct random random = harness_random(7);

	for (int round = 0; round < 2000; round++) {
		struct fixture *fixture = begin();
		uint32_t bytes = 1 + random_below(&random, 64);

		for (uint32_t i = random_below(&random, 60); i; i--)
			put(fixture, random_below(&random, 600));
		collect(fixture);
		osq_ring_release(&fixture->ring, fixture->limit / 8 * 4);
		for (uint32_t i = random_below(&random, 20); i; i--)
			put(fixture, random_below(&random, 600));
		while (bytes--)
			fixture->buffer[random_below(&random, SIZE)] =
			    (uint8_t)random_next(&random);
		for (int i = 0; i < 4; i++) {
			collect(fixture);
			EXPECT(fixture->limit <= SIZE - HEADER);
			osq_ring_release(&fixture->ring, fixture->limit);
			osq_ring_arm(&fixture->ring);
			osq_ring_busy(&fixture->ring);
			put(fixture, random_below(&random, 3000));
		}
		end(fixture);
	}
}

/* Under TSan, to write to what others read is the one thing that it would tell of. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_TSAN
#endif
#endif

#ifndef HAS_TSAN
struct scribbler {
	struct fixture *fixture;
	pthread_t thread;
	uint32_t done;
};

/* Headers mostly, with what looks like one. */
static void *scribble(void *argument)
{
	struct scribbler *scribbler = argument;
	struct random random = harness_random(8);

	while (!__atomic_load_n(&scribbler->done, __ATOMIC_RELAXED)) {
		uint32_t *word =
		    (uint32_t *)scribbler->fixture->buffer + random_below(&random, SIZE / 4);
		uint32_t value = (uint32_t)random_next(&random) >> random_below(&random, 32);

		__atomic_store_n(word, value, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* What was checked must be what is used, whatever stands there a moment later. */
static void test_damage_at_any_time_is_contained(void)
{
	struct scribbler scribbler = {.fixture = begin()};
	struct fixture *fixture = scribbler.fixture;
	struct random random = harness_random(9);

	if (!EXPECT(!pthread_create(&scribbler.thread, NULL, scribble, &scribbler)))
		return;
	for (int i = 0; i < 100000 && !harness_failed(); i++) {
		put(fixture, random_below(&random, 600));
		collect(fixture);
		EXPECT(fixture->limit <= SIZE - HEADER && fixture->limit % 4 == 0);
		osq_ring_release(&fixture->ring, fixture->limit);
		osq_ring_arm(&fixture->ring);
		EXPECT(osq_ring_busy(&fixture->ring) <= SIZE / HEADER + 1);
	}
	__atomic_store_n(&scribbler.done, 1, __ATOMIC_RELAXED);
	pthread_join(scribbler.thread, NULL);
	end(fixture);
}
#endif

const struct test ring_life_tests[] = {
    {"ring: open checks its arguments", test_open_checks_its_arguments},
    {"ring: a closed ring refuses", test_closed_ring_refuses},
    {"ring: reservations in flight are counted and outlive close", test_reservations_in_flight},
    {"ring: a full ring drops and counts", test_full_ring_counts_drops},
    {"ring: what can never fit is a drop", test_too_large_is_a_drop},
    {"ring: events are positive", test_event_must_be_positive},
    {"ring: drops beyond telling are negative", test_drops_beyond_telling_are_negative},
    {"ring: offsets that were not readable are refused", test_bad_offsets},
    {"ring: the edge waits before a filler", test_edge_waits_before_a_filler},
    {"ring: damaged headers are found", test_damaged_headers_are_found},
    {"ring: damage of any kind stays within the buffer", test_random_damage_is_contained},
#ifndef HAS_TSAN
    {"ring: damage at any time stays within the buffer", test_damage_at_any_time_is_contained},
#endif
    {NULL, NULL},
};
