// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Measures a kexthost that runs: measure SOCKET BENCHMARK.KEXT OSQUERY.KEXT (of the test build).
 * A figure is the median of rounds; a ratio's two sides took turns.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "benchmark.h"
#include "client.h"
#include "osq_device.h"

#define ROUNDS    9
#define CALLS     200000
#define EVENTS    20000
#define RING      (8u << 20)
#define PRODUCERS 4

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static void ask(uint32_t operation, const char *text)
{
	struct kexthost_header request = {.operation = operation};
	struct kexthost_answer answer;

	require(kexthost_request(&request, text, strlen(text), &answer), text);
	if (answer.header.error) {
		fprintf(stderr, "%s: %s\n", text, answer.data);
		exit(1);
	}
}

static void measure_load(const char *what, const char *bundle, const char *identifier)
{
	double load[ROUNDS], unload[ROUNDS];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		double began = now();

		ask(KEXTHOST_LOAD, bundle);
		load[i] = now() - began;
		began = now();
		ask(KEXTHOST_UNLOAD, identifier);
		unload[i] = now() - began;
	}
	printf("%-44s %10.2f ms %10.2f ms\n", what, median(load) * 1e3, median(unload) * 1e3);
}

/* The same as the kext does, by this system's own. */
static void repeat(uint32_t kind)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
	static volatile int counter;
	pthread_spinlock_t spin;
	int i;

	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	for (i = 0; i < CALLS; i++) {
		switch (kind) {
		case BENCHMARK_MUTEX:
			pthread_mutex_lock(&mutex);
			pthread_mutex_unlock(&mutex);
			break;
		case BENCHMARK_SPIN:
			pthread_spin_lock(&spin);
			pthread_spin_unlock(&spin);
			break;
		case BENCHMARK_SHARED:
			pthread_rwlock_rdlock(&rw);
			pthread_rwlock_unlock(&rw);
			break;
		case BENCHMARK_MEMORY: {
			void *volatile memory = malloc(64);

			free(memory);
			break;
		}
		case BENCHMARK_ATOMIC:
			__atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST);
			break;
		}
	}
}

static void measure_calls(void)
{
	static const char *const names[BENCHMARK_KINDS] = {
	    "lck_mtx_lock, unlock; pthread_mutex", "lck_spin_lock, unlock; pthread_spin",
	    "lck_rw_lock_shared, unlock; pthread_rwlock", "IOMalloc, IOFree; malloc, free",
	    "OSAddAtomic; an atomic addition"};
	int device = kexthost_open("benchmark", O_RDWR);
	uint32_t kind;
	int i;

	require(device >= 0, "/dev/benchmark");
	for (kind = 0; kind < BENCHMARK_KINDS; kind++) {
		double kpi[ROUNDS], own[ROUNDS], ratio[ROUNDS];

		for (i = 0; i < ROUNDS; i++) {
			struct benchmark benchmark = {.kind = kind, .count = CALLS};
			double began;

			require(!kexthost_ioctl(device, BENCHMARK_RUN, &benchmark), names[kind]);
			kpi[i] = (double)benchmark.nanoseconds / CALLS;
			began = now();
			repeat(kind);
			own[i] = (now() - began) * 1e9 / CALLS;
			ratio[i] = kpi[i] / own[i];
		}
		printf("%-44s %10.1f ns %10.1f ns %8.1f\n", names[kind], median(kpi), median(own),
		       median(ratio));
	}
	kexthost_close(device);
}

static void *produce(void *unused)
{
	int32_t event = OSQ_EVENT_TEST_1;
	int device = kexthost_open(OSQ_DEVICE_PATH, O_RDWR);
	int i;

	require(device >= 0, OSQ_DEVICE_PATH);
	for (i = 0; i < EVENTS; i++)
		require(!kexthost_ioctl(device, OSQ_IOCTL_TEST, &event), "TEST");
	kexthost_close(device);
	return unused;
}

/* How many records were read or dropped, when all that `expected` have been. */
static void read_all(int device, uint64_t expected)
{
	struct osq_sync_args sync = {.options = OSQ_SYNC_BLOCK};
	uint64_t dropped = 0, bytes = 0, record;

	record = sizeof(struct osq_record_header) + sizeof(struct osq_test_event_1);
	while (bytes / record + dropped < expected) {
		uint64_t from = sync.read_offset;

		require(!kexthost_ioctl(device, OSQ_IOCTL_SYNC, &sync), "SYNC");
		dropped += (uint64_t)sync.drops;
		/* The ring is larger than all records together: it never wraps. */
		bytes += sync.max_read_offset - from;
		sync.read_offset = sync.max_read_offset;
	}
	require(!dropped, "events were dropped");
}

_Static_assert((uint64_t)PRODUCERS *EVENTS * 64 < RING, "the ring does not wrap");

static double measure_events(uint32_t producers)
{
	struct osq_allocate_args allocate = {.size = RING, .version = OSQ_VERSION};
	pthread_t threads[PRODUCERS];
	int device = kexthost_open(OSQ_DEVICE_PATH, O_RDWR);
	double began;
	uint32_t i;

	require(device >= 0, OSQ_DEVICE_PATH);
	require(!kexthost_ioctl(device, OSQ_IOCTL_ALLOCATE, &allocate), "ALLOCATE");
	began = now();
	for (i = 0; i < producers; i++)
		require(!pthread_create(&threads[i], NULL, produce, NULL), "a thread");
	read_all(device, (uint64_t)producers * EVENTS);
	for (i = 0; i < producers; i++)
		pthread_join(threads[i], NULL);
	began = now() - began;
	kexthost_close(device);
	return producers * EVENTS / began;
}

int main(int count, char **arguments)
{
	uint32_t producers;

	if (count != 4) {
		fputs("usage: measure SOCKET BENCHMARK.KEXT OSQUERY.KEXT\n", stderr);
		return 2;
	}
	kexthost_use(arguments[1]);
	printf("kexthost, medians of %d rounds\n%-44s %13s %13s\n", ROUNDS, "", "load, start",
	       "stop, unload");
	measure_load("a kext of 1 MB", arguments[2], "org.kextdev.benchmark");
	measure_load("osquery.kext", arguments[3], "com.facebook.security.osquery");
	printf("\n%-44s %13s %13s %8s\n", "a kext's call; the same by this system", "kexthost",
	       "the system", "ratio");
	ask(KEXTHOST_LOAD, arguments[2]);
	measure_calls();
	ask(KEXTHOST_UNLOAD, "org.kextdev.benchmark");
	puts("\nEvents a second through /dev/osquery, one request each");
	ask(KEXTHOST_LOAD, arguments[3]);
	for (producers = 1; producers <= PRODUCERS; producers *= 2) {
		double rates[ROUNDS];
		int i;

		for (i = 0; i < ROUNDS; i++)
			rates[i] = measure_events(producers);
		printf("%u producers %32s %10.0f\n", producers, "", median(rates));
	}
	ask(KEXTHOST_UNLOAD, "com.facebook.security.osquery");
	return 0;
}
