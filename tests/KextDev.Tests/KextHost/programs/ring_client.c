// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * ring_client PRODUCERS EVENTS: each producer is a thread with a descriptor of its own that makes
 * so many TEST events; the main thread reads them all, checks each, and prints what it counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

#define KEXTHOST
#define OSQ_TEST_BUILD
#include "osq_device.h"

#define RING_SIZE   (8u << 20)
#define DESCRIPTORS 4096

static unsigned long events;
static unsigned int done;
static uint32_t expected[DESCRIPTORS]; /* the next number of each descriptor */

static void check(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "%s (errno %d)\n", what, errno);
	exit(1);
}

static void *produce(void *unused)
{
	int descriptor = kexthost_open("/dev/osquery", O_RDWR);
	unsigned long i;

	check(descriptor >= 0, "a producer cannot open");
	for (i = 0; i < events; i++) {
		int32_t event = i % 2 ? OSQ_EVENT_TEST_1 : OSQ_EVENT_TEST_0;

		check(!kexthost_ioctl(descriptor, OSQ_IOCTL_TEST, &event), "TEST");
	}
	check(!kexthost_close(descriptor), "close");
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return unused;
}

static void check_text(uint32_t number, const char *text, size_t length)
{
	size_t i;

	for (i = 0; i + 1 < length; i++)
		check(text[i] == osq_test_byte(number, (uint32_t)i), "a byte of a text");
	check(!text[length - 1], "the end of a text");
}

static void check_record(const struct osq_record_header *header)
{
	const struct osq_test_event_0 *large = (const void *)(header + 1);
	const struct osq_test_event_1 *small = (const void *)(header + 1);
	uint32_t number = large->number, *next = &expected[OSQ_TEST_DESCRIPTOR(number)];

	check(header->finished == 1, "finished");
	if (header->event == OSQ_EVENT_TEST_0) {
		check(header->size == sizeof(*large), "size");
		check_text(number, large->text, sizeof(large->text));
	} else {
		check(header->event == OSQ_EVENT_TEST_1 && header->size == sizeof(*small), "event");
		check_text(number, small->text, sizeof(small->text));
	}
	check(OSQ_TEST_SEQUENCE(number) >= *next, "order of a producer's records");
	*next = OSQ_TEST_SEQUENCE(number) + 1;
}

static unsigned long read_to(const uint8_t *ring, uint64_t *at, uint64_t end)
{
	const struct osq_record_header *header;
	unsigned long count = 0;

	while (*at != end) {
		header = (const void *)(ring + *at);
		if (RING_SIZE - *at < sizeof(*header) || header->event == OSQ_EVENT_WRAP) {
			*at = 0;
			continue;
		}
		check_record(header);
		count++;
		*at += sizeof(*header) + header->size;
	}
	return count;
}

static int subscribe(int descriptor, int32_t event)
{
	struct osq_subscription_args args = {.event = event, .subscribe = 1};

	return kexthost_ioctl(descriptor, OSQ_IOCTL_SUBSCRIPTION, &args);
}

int main(int count, char **arguments)
{
	struct osq_allocate_args ring = {.size = RING_SIZE, .version = OSQ_VERSION_TEST};
	struct osq_sync_args sync = {.options = OSQ_SYNC_NO_BLOCK};
	const unsigned int producers = count > 2 ? (unsigned int)atoi(arguments[1]) : 0;
	unsigned long reads = 0, drops = 0;
	pthread_t threads[64];
	int descriptor;
	bool last;

	check(producers >= 1 && producers <= 64, "usage: ring_client PRODUCERS EVENTS");
	events = strtoul(arguments[2], NULL, 10);
	descriptor = kexthost_open("/dev/osquery", O_RDWR);
	check(descriptor >= 0, "open");
	check(!kexthost_ioctl(descriptor, OSQ_IOCTL_ALLOCATE, &ring), "ALLOCATE");
	check(mprotect(ring.buffer, RING_SIZE, PROT_READ | PROT_WRITE) && errno == EACCES,
	      "the ring can be made writable");
	check(!subscribe(descriptor, OSQ_EVENT_TEST_0) && !subscribe(descriptor, OSQ_EVENT_TEST_1),
	      "SUBSCRIPTION");
	for (unsigned int i = 0; i < producers; i++)
		check(!pthread_create(&threads[i], NULL, produce, NULL), "pthread_create");
	do {
		last = __atomic_load_n(&done, __ATOMIC_SEQ_CST) == producers;
		check(!kexthost_ioctl(descriptor, OSQ_IOCTL_SYNC, &sync), "SYNC");
		check(sync.drops >= 0, "drops are known");
		drops += (unsigned long)sync.drops;
		reads += read_to(ring.buffer, &sync.read_offset, sync.max_read_offset);
	} while (!last);
	for (unsigned int i = 0; i < producers; i++)
		pthread_join(threads[i], NULL);
	printf("produced %lu read %lu dropped %lu\n", producers * events, reads, drops);
	if (count > 3) { /* stays open until it is killed */
		fflush(stdout);
		pause();
	}
	check(!kexthost_close(descriptor), "close");
	return reads + drops == producers * events ? 0 : 1;
}
