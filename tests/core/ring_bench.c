/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Records per second through the ring, through the design that it replaces, and a memcpy of the
 * same bytes, in turns, so that what else the machine does hits all of them alike. Printed are the
 * medians over the rounds; a ratio is the median of the rounds' ratios.
 *
 * A producer fills its record by a memcpy; one that finds no room gives its time away and tries
 * again. So does the reader when it finds nothing, and polls otherwise (or, "sleeping", blocks
 * until it is woken); it looks at each header and at the first word of the data.
 */
#include "bench_queue.h"
#include "osq_device.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEADER        sizeof(struct osq_record_header)
#define RING_SIZE     (8u << 20)
#define PRODUCERS_MAX 4
#define ROUNDS_MAX    9

enum { RING, OLD, MEMCPY, SLEEPING, KINDS };
static const char *const kind_names[KINDS] = {"ring", "old", "memcpy", "ring-sleeping"};

struct run {
	const struct bench_queue *queue; /* NULL: memcpy */
	uint8_t *buffer;
	size_t bytes;
	uint32_t producers, stop, running;
	uint64_t copied; /* by memcpy */
	pthread_barrier_t start;
};

struct producer {
	struct run *run;
	uint32_t number;
	pthread_t thread;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static bool is_over(const struct run *run)
{
	return __atomic_load_n(&run->stop, __ATOMIC_RELAXED);
}

static void copy_only(struct run *run, uint32_t number, const uint8_t *source)
{
	size_t share = RING_SIZE / run->producers, step = HEADER + run->bytes, offset = 0;
	uint8_t *mine = run->buffer + number * share;
	uint64_t copied = 0;

	for (; !is_over(run); copied++) {
		if (offset + step > share)
			offset = 0;
		memcpy(mine + offset + HEADER, source, run->bytes);
		__asm__ volatile("" ::: "memory");
		offset += step;
	}
	__atomic_add_fetch(&run->copied, copied, __ATOMIC_RELAXED);
}

static void *produce(void *argument)
{
	const struct producer *producer = argument;
	struct run *run = producer->run;
	uint8_t source[4096];

	memset(source, 1 + (int)producer->number, sizeof(source));
	pthread_barrier_wait(&run->start);
	if (!run->queue)
		copy_only(run, producer->number, source);
	while (run->queue && !is_over(run)) {
		void *data = run->queue->reserve(run->bytes);

		if (!data) {
			sched_yield();
			continue;
		}
		memcpy(data, source, run->bytes);
		run->queue->commit(data);
	}
	__atomic_sub_fetch(&run->running, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Reads until the producers have stopped and nothing is left; how many records. */
static uint64_t drain(struct run *run, double end)
{
	uint64_t offset = 0, limit, records = 0;
	volatile uint64_t sink;
	bool last;

	do {
		last = !__atomic_load_n(&run->running, __ATOMIC_ACQUIRE);
		limit = run->queue->sync(offset);
		if (offset == limit && !last)
			sched_yield();
		while (offset != limit) {
			const struct osq_record_header *header =
			    (const void *)(run->buffer + offset);

			if (header->event == OSQ_EVENT_WRAP) {
				offset = 0;
				continue;
			}
			sink = *(const uint64_t *)(header + 1);
			offset += HEADER + header->size;
			records++;
		}
		if (now() >= end)
			__atomic_store_n(&run->stop, 1, __ATOMIC_RELAXED);
	} while (!last || offset != limit);
	(void)sink;
	return records;
}

/* Records per second. */
static double measure(const struct bench_queue *queue, uint8_t *buffer, uint32_t producers,
                      size_t bytes, double seconds)
{
	struct run run = {.queue = queue,
	                  .buffer = buffer,
	                  .bytes = bytes,
	                  .producers = producers,
	                  .running = producers};
	struct producer threads[PRODUCERS_MAX];
	uint64_t records;
	double start;

	if (queue)
		queue->open(buffer, RING_SIZE);
	pthread_barrier_init(&run.start, NULL, producers + 1);
	for (uint32_t i = 0; i < producers; i++) {
		threads[i] = (struct producer){.run = &run, .number = i};
		if (pthread_create(&threads[i].thread, NULL, produce, &threads[i]))
			abort();
	}
	pthread_barrier_wait(&run.start);
	start = now();
	if (queue) {
		records = drain(&run, start + seconds);
	} else {
		usleep((useconds_t)(seconds * 1e6));
		__atomic_store_n(&run.stop, 1, __ATOMIC_RELAXED);
	}
	for (uint32_t i = 0; i < producers; i++)
		pthread_join(threads[i].thread, NULL);
	seconds = now() - start;
	if (queue)
		queue->close();
	else
		records = run.copied;
	pthread_barrier_destroy(&run.start);
	return (double)records / seconds;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(const double *values, int count)
{
	double sorted[ROUNDS_MAX];

	memcpy(sorted, values, (size_t)count * sizeof(*values));
	qsort(sorted, (size_t)count, sizeof(*sorted), compare);
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static double median_ratio(const double *values, const double *to, int count)
{
	double ratios[ROUNDS_MAX] = {0};

	for (int i = 0; i < count; i++)
		ratios[i] = values[i] / to[i];
	return median(ratios, count);
}

static void print_json(const double rates[KINDS][ROUNDS_MAX], int rounds, uint32_t producers,
                       size_t bytes)
{
	for (int kind = 0; kind < KINDS; kind++) {
		printf("{\"name\":\"%s\",\"producers\":%u,\"bytes\":%zu,\"rounds\":%d,"
		       "\"records_per_second\":%.0f,\"bytes_per_second\":%.0f",
		       kind_names[kind], producers, bytes, rounds, median(rates[kind], rounds),
		       median(rates[kind], rounds) * (double)bytes);
		if (kind == RING || kind == SLEEPING)
			printf(",\"times_old\":%.2f,\"of_memcpy\":%.2f",
			       median_ratio(rates[kind], rates[OLD], rounds),
			       median_ratio(rates[kind], rates[MEMCPY], rounds));
		puts("}");
	}
	fflush(stdout);
}

static void print_row(const double rates[KINDS][ROUNDS_MAX], int rounds, uint32_t producers,
                      size_t bytes)
{
	printf("%9u %6zu %10.2f %14.2f %10.2f %10.2f %10.2f %10.2f\n", producers, bytes,
	       median(rates[RING], rounds) * 1e-6, median(rates[SLEEPING], rounds) * 1e-6,
	       median(rates[OLD], rounds) * 1e-6, median(rates[MEMCPY], rounds) * 1e-6,
	       median_ratio(rates[RING], rates[OLD], rounds),
	       median_ratio(rates[RING], rates[MEMCPY], rounds));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const uint32_t producers[] = {1, 2, 4};
	static const size_t bytes[] = {16, 64, 4096};
	static const struct bench_queue *const queues[KINDS] = {&bench_ring, &bench_old, NULL,
	                                                        &bench_sleeping};
	uint8_t *buffer = aligned_alloc(4096, RING_SIZE);
	double rates[KINDS][ROUNDS_MAX] = {{0}}, seconds = 0.075;
	bool json = false;
	int rounds = 7;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--quick")) {
			seconds = 0.045;
			rounds = 3;
		} else if (!strcmp(argv[i], "--json")) {
			json = true;
		} else {
			fprintf(stderr, "Usage: %s [--quick] [--json]\n", argv[0]);
			return 2;
		}
	}
	if (!buffer)
		abort();
	memset(buffer, 0, RING_SIZE);
	if (!json)
		printf("Millions of records a second, one reader, a buffer of %u MiB; "
		       "medians of %d rounds\n%9s %6s %10s %14s %10s %10s %10s %10s\n",
		       RING_SIZE >> 20, rounds, "producers", "bytes", "ring", "ring, sleeping",
		       "old", "memcpy", "times old", "of memcpy");
	for (size_t p = 0; p < sizeof(producers) / sizeof(*producers); p++)
		for (size_t b = 0; b < sizeof(bytes) / sizeof(*bytes); b++) {
			for (int round = 0; round < rounds; round++)
				for (int kind = 0; kind < KINDS; kind++)
					rates[kind][round] = measure(
					    queues[kind], buffer, producers[p], bytes[b], seconds);
			(json ? print_json : print_row)(rates, rounds, producers[p], bytes[b]);
		}
	free(buffer);
	return 0;
}
