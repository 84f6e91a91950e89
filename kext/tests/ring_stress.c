// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Many producers, one reader: what was read and what was dropped is what was produced, every
 * record has the contents of its number, and each producer's records come in its order.
 *
 *	ring_stress --producers 20 [--events 100000] [--seconds 60]
 *
 * Each producer makes so many events, or as many as come about within the seconds; with both,
 * whatever is less.
 *
 * A producer is a thread with a descriptor of its own. A record's number tells which descriptor
 * made it and as which of its records (see OSQ_TEST_NUMBER). The reader opens first and makes one
 * record, which tells its own descriptor's number; the producers' are the next ones. They
 * alternate between the two kinds, so the kind follows from the number, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "options.h"
#include "osq_handle.h"
#include "osq_reader.h"

#define PRODUCERS_MAX  1000
#define BIG_RING       (8u << 20)
#define DEFAULT_EVENTS 10000 /* of each producer */
#define READ_AT_MOST   2000  /* records between two syncs */
#define DESCRIPTORS    4096
#define SEQUENCES      (1u << 20)
#define KIND(seq)      ((seq) % 2 ? OSQ_EVENT_TEST_1 : OSQ_EVENT_TEST_0)

struct producer {
	pthread_t thread;
	int device;
	uint64_t events;   /* to produce; 0: until the time is over */
	bool wakes;        /* if last to end: makes one more, for a reader that sleeps */
	uint64_t produced; /* the thread's until it was joined, as is error */
	int error;
	/* The reader's account */
	uint64_t read;
	uint64_t missed; /* gaps in the sequence */
};

struct stress {
	struct osq_reader reader;
	uint32_t descriptor; /* the reader's */
	struct producer *producers;
	uint64_t count;
	bool wrong; /* one message is enough */
};

static uint64_t option_producers = 20;
static uint64_t option_events;
static uint64_t option_seconds;

static atomic_bool stop;
static atomic_uint running;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool produce_one(struct producer *producer)
{
	int32_t event = KIND(producer->produced);

	if (osq_handle_request(producer->device, OSQ_IOCTL_TEST, &event)) {
		producer->error = errno;
		return false;
	}
	producer->produced++;
	return true;
}

static void *produce(void *context)
{
	struct producer *producer = context;

	while (!atomic_load_explicit(&stop, memory_order_relaxed) &&
	       (!producer->events || producer->produced < producer->events))
		if (!produce_one(producer))
			break;
	if (atomic_fetch_sub(&running, 1) == 1 && producer->wakes)
		produce_one(producer);
	return NULL;
}

static void account(struct stress *stress, const struct osq_record_header *record)
{
	struct producer *producer;
	uint32_t number, index, sequence, ahead;

	if (!osq_record_test(record, &number)) {
		stress->wrong = true;
		FAIL("event %d of %llu bytes has not its number's text", record->event,
		     (unsigned long long)record->size);
		return;
	}
	index = (OSQ_TEST_DESCRIPTOR(number) - stress->descriptor - 1) % DESCRIPTORS;
	sequence = OSQ_TEST_SEQUENCE(number);
	if (index >= stress->count || record->event != KIND(sequence)) {
		stress->wrong = true;
		FAIL("event %d is not what descriptor %u made as its %u", record->event,
		     OSQ_TEST_DESCRIPTOR(number), sequence);
		return;
	}
	producer = &stress->producers[index];
	ahead = (sequence - (uint32_t)(producer->read + producer->missed)) % SEQUENCES;
	if (ahead >= SEQUENCES / 2) {
		stress->wrong = true;
		FAIL("producer %u: record %u came late or twice", index, sequence);
		return;
	}
	producer->missed += ahead;
	producer->read++;
}

/* At most so many records; how many there were. */
static uint64_t read_some(struct stress *stress, uint64_t at_most)
{
	const struct osq_record_header *record;
	uint64_t count = 0;

	while (count < at_most && (record = osq_reader_next(&stress->reader))) {
		count++;
		if (!stress->wrong)
			account(stress, record);
	}
	return count;
}

/* Opens reader and producers, and learns the numbers of their descriptors. */
static bool open_all(struct stress *stress, uint32_t size)
{
	const struct osq_record_header *record;
	int32_t event = OSQ_EVENT_TEST_1;
	uint32_t number;
	uint64_t i;

	memset(stress, 0, sizeof(*stress));
	stress->count = option_producers;
	stress->producers = calloc(stress->count, sizeof(*stress->producers));
	if (!EXPECT(stress->producers, "no memory"))
		return false;
	for (i = 0; i < stress->count; i++)
		stress->producers[i].device = -1;
	if (!EXPECT(!osq_reader_open(&stress->reader, size, OSQ_VERSION_TEST), "%s",
	            stress->reader.error))
		return false;
	for (i = 0; i < stress->count; i++) {
		stress->producers[i].device = osq_handle_open(O_RDWR | O_CLOEXEC);
		if (!EXPECT(stress->producers[i].device >= 0, "producer %llu: %s",
		            (unsigned long long)i, strerror(errno)))
			return false;
	}
	EXPECT(!osq_handle_request(stress->reader.device, OSQ_IOCTL_TEST, &event), "%s",
	       strerror(errno));
	EXPECT(!osq_reader_sync(&stress->reader, OSQ_SYNC_NO_BLOCK), "%s", stress->reader.error);
	record = osq_reader_next(&stress->reader);
	if (!EXPECT(record && osq_record_test(record, &number), "the first record is wrong"))
		return false;
	stress->descriptor = OSQ_TEST_DESCRIPTOR(number);
	return true;
}

static void close_all(struct stress *stress)
{
	uint64_t i;

	for (i = 0; stress->producers && i < stress->count; i++)
		if (stress->producers[i].device >= 0)
			osq_handle_close(stress->producers[i].device);
	osq_reader_close(&stress->reader);
	free(stress->producers);
}

static void start(struct stress *stress, uint64_t events, bool wakes)
{
	uint64_t i;

	atomic_store(&stop, false);
	atomic_store(&running, (unsigned int)stress->count);
	for (i = 0; i < stress->count; i++) {
		struct producer *producer = &stress->producers[i];
		int error;

		producer->events = events;
		producer->wakes = wakes;
		error = pthread_create(&producer->thread, NULL, produce, producer);
		if (error) {
			ktap_say("Bail out! cannot start a thread: %s", strerror(error));
			exit(2);
		}
	}
}

static uint64_t join(struct stress *stress)
{
	uint64_t i, produced = 0;

	for (i = 0; i < stress->count; i++) {
		pthread_join(stress->producers[i].thread, NULL);
		EXPECT(!stress->producers[i].error, "TEST: %s",
		       strerror(stress->producers[i].error));
		produced += stress->producers[i].produced;
	}
	return produced;
}

/* After the last record: the sums, and every producer's. Drops are gaps, and only those. */
static void check_sums(struct stress *stress, uint64_t produced)
{
	uint64_t i, read = 0, missed = 0;

	EXPECT(!stress->reader.broken, "%s", stress->reader.error);
	EXPECT(!stress->reader.drops_lost, "the kernel lost count of the drops");
	for (i = 0; i < stress->count; i++) {
		struct producer *producer = &stress->producers[i];

		EXPECT(producer->read + producer->missed <= producer->produced,
		       "producer %llu made %llu, %llu were read and %llu missed",
		       (unsigned long long)i, (unsigned long long)producer->produced,
		       (unsigned long long)producer->read, (unsigned long long)producer->missed);
		read += producer->read;
		missed += producer->produced - producer->read;
	}
	EXPECT(read + stress->reader.drops == produced, "%llu read + %llu dropped, %llu produced",
	       (unsigned long long)read, (unsigned long long)stress->reader.drops,
	       (unsigned long long)produced);
	EXPECT(missed == stress->reader.drops, "%llu are missing, %llu dropped",
	       (unsigned long long)missed, (unsigned long long)stress->reader.drops);
}

/* Reads while the producers run (for so long, if not 0), then the rest. `options` as in a sync. */
static void read_all(struct stress *stress, int32_t options, uint64_t seconds, uint64_t expected)
{
	uint64_t began = now_ms(), told = 0, read = 0, count;

	for (;;) {
		uint64_t passed = (now_ms() - began) / 1000;
		bool last = !atomic_load(&running);

		if (stress->wrong || (seconds && passed >= seconds))
			atomic_store(&stop, true);
		if (osq_reader_sync(&stress->reader, last ? OSQ_SYNC_NO_BLOCK : options)) {
			FAIL("%s", stress->reader.error);
			atomic_store(&stop, true);
			return;
		}
		count = read_some(stress, READ_AT_MOST);
		read += count;
		if (last && !count)
			return;
		if (passed > told) {
			told = passed;
			ktap_progress(seconds ? passed : read + stress->reader.drops,
			              seconds ? seconds : expected);
		}
	}
}

/* One run from open to close; what was produced, 0 if it could not begin. */
static uint64_t run(struct stress *stress, uint32_t ring, int32_t options, uint64_t seconds,
                    uint64_t events)
{
	uint64_t produced = 0;

	if (open_all(stress, ring)) {
		start(stress, events, options == OSQ_SYNC_BLOCK);
		read_all(stress, options, seconds, events * stress->count);
		produced = join(stress);
		/* The one that wakes the reader may have come after it saw that all had ended. */
		read_all(stress, OSQ_SYNC_NO_BLOCK, 0, produced);
		check_sums(stress, produced);
	}
	close_all(stress);
	return produced;
}

static void nothing_is_lost(void)
{
	struct stress stress;
	uint64_t began = now_ms();
	uint64_t produced =
	    run(&stress, BIG_RING, OSQ_SYNC_NO_BLOCK, option_seconds, option_events);
	uint64_t took = now_ms() - began;

	ktap_figure("events", produced);
	ktap_figure("events/s", produced * 1000 / (took ? took : 1));
	ktap_figure("drops", stress.reader.drops);
}

/* A lost wake-up would leave the reader asleep for ever: the time limit tells. */
static void a_sleeping_reader_is_woken(void)
{
	struct stress stress;

	/* Where the seconds alone are given, those are the other test's. */
	if (option_events)
		run(&stress, BIG_RING, OSQ_SYNC_BLOCK, option_seconds, option_events / 10 + 1);
	else
		run(&stress, BIG_RING, OSQ_SYNC_BLOCK, 0, DEFAULT_EVENTS / 10 + 1);
}

/* The smallest ring and nobody who reads: all but the first few are dropped, and counted. */
static void drops_are_counted(void)
{
	const uint64_t events = 100;
	struct stress stress;
	uint64_t produced = 0;

	if (open_all(&stress, OSQ_BUFFER_MIN)) {
		start(&stress, events, false);
		produced = join(&stress);
		read_all(&stress, OSQ_SYNC_NO_BLOCK, 0, events * stress.count);
		check_sums(&stress, produced);
		EXPECT(produced == events * stress.count, "%llu", (unsigned long long)produced);
		EXPECT(stress.reader.drops > 0, "a full ring dropped nothing");
		EXPECT(stress.reader.drops < produced, "an empty ring took nothing");
	}
	close_all(&stress);
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"nothing_is_lost", nothing_is_lost},
	    {"a_sleeping_reader_is_woken", a_sleeping_reader_is_woken},
	    {"drops_are_counted", drops_are_counted},
	};
	const struct option_number options[] = {
	    {"--producers", &option_producers, 1, PRODUCERS_MAX},
	    {"--events", &option_events, 1, UINT32_MAX},
	    {"--seconds", &option_seconds, 1, UINT32_MAX},
	    {NULL, NULL, 0, 0},
	};

	options_read(argc, argv, options);
	if (!option_seconds && !option_events)
		option_events = DEFAULT_EVENTS;
	return KTAP_RUN(tests);
}
