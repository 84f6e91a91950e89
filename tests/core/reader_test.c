/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The reader library over the ring in plain memory, and over memory that makes no sense. */
#include "event.h"
#include "harness.h"
#include "osq_reader.h"
#include "ring.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER ((uint32_t)sizeof(struct osq_record_header))

struct fixture {
	struct osq_ring ring;
	uint8_t *buffer;
	struct osq_reader reader;
};

/* What a port's SYNC request does, without the sleep. */
static int sync_ring(void *context, struct osq_sync_args *args)
{
	struct osq_ring *ring = context;

	errno = osq_ring_release(ring, args->read_offset);
	if (!errno)
		errno = osq_ring_collect(ring, &args->max_read_offset, &args->drops);
	return errno ? -1 : 0;
}

static struct fixture *begin(uint32_t size)
{
	struct fixture *fixture = harness_buffer(sizeof(*fixture));

	fixture->buffer = harness_buffer(size);
	osq_ring_init(&fixture->ring);
	EXPECT_EQUAL(osq_ring_open(&fixture->ring, fixture->buffer, size), 0);
	osq_reader_attach(&fixture->reader, fixture->buffer, size, sync_ring, &fixture->ring);
	return fixture;
}

static void end(struct fixture *fixture)
{
	osq_reader_close(&fixture->reader);
	osq_ring_close(&fixture->ring);
	osq_ring_exit(&fixture->ring);
	free(fixture->buffer);
	free(fixture);
}

static bool put_test(struct fixture *fixture, int32_t kind, uint32_t number)
{
	void *data = osq_ring_reserve(&fixture->ring, kind, osq_test_size(kind));

	if (!data)
		return false;
	osq_test_fill(data, kind, number);
	osq_ring_commit(&fixture->ring, data);
	return true;
}

/* Both kinds, so that records lie at multiples of 4 that are none of 8; many times around. */
static void test_reads_what_was_put(void)
{
	struct fixture *fixture = begin(20000);
	uint32_t put = 0, read = 0, refused = 0, number;
	struct random random = harness_random(51);
	const struct osq_record_header *record;

	while (put < 20000 && !harness_failed()) {
		for (uint32_t i = random_below(&random, 40); i; i--) {
			int32_t kind =
			    random_below(&random, 4) ? OSQ_EVENT_TEST_1 : OSQ_EVENT_TEST_0;

			if (put_test(fixture, kind, put))
				put++;
			else
				refused++;
		}
		EXPECT_EQUAL(osq_reader_sync(&fixture->reader, OSQ_SYNC_NO_BLOCK), 0);
		for (uint32_t i = random_below(&random, 60); i; i--) {
			record = osq_reader_next(&fixture->reader);
			if (!record)
				break;
			EXPECT(osq_record_test(record, &number));
			EXPECT_EQUAL(number, read);
			read++;
		}
	}
	do {
		EXPECT_EQUAL(osq_reader_sync(&fixture->reader, OSQ_SYNC_NO_BLOCK), 0);
		while ((record = osq_reader_next(&fixture->reader)))
			read++;
	} while (fixture->reader.offset != fixture->ring.head && !harness_failed());
	EXPECT_EQUAL(read, put);
	EXPECT(refused > 0);
	EXPECT_EQUAL(fixture->reader.drops, refused);
	end(fixture);
}

static int sync_fails(void *context, struct osq_sync_args *args)
{
	(void)args;
	errno = *(int *)context;
	return -1;
}

static void test_errors_of_a_sync(void)
{
	struct osq_reader reader;
	int error = EINTR;

	osq_reader_attach(&reader, "", 0, sync_fails, &error);
	EXPECT_EQUAL(osq_reader_sync(&reader, OSQ_SYNC_BLOCK), -1);
	EXPECT_EQUAL(errno, EINTR);
	EXPECT(strstr(reader.error, "cannot sync at offset 0"));
	EXPECT(!osq_reader_next(&reader));
	error = EINVAL;
	EXPECT_EQUAL(osq_reader_sync(&reader, OSQ_SYNC_BLOCK), -1);
	EXPECT_EQUAL(errno, EINVAL);
}

static void test_open_without_a_device(void)
{
	struct osq_reader reader;

	if (!access(OSQ_DEVICE_PATH, F_OK))
		return; /* the extension is loaded here: the guest's tests open it */
	EXPECT_EQUAL(osq_reader_open(&reader, OSQ_BUFFER_MIN, OSQ_VERSION), -1);
	EXPECT_EQUAL(errno, ENOENT);
	EXPECT(strstr(reader.error, "is the extension loaded?"));
	EXPECT_EQUAL(osq_reader_subscribe(&reader, OSQ_EVENT_FILE, true), -1);
	EXPECT_EQUAL(errno, EBADF);
	EXPECT_EQUAL(osq_reader_prefix(&reader, "relative", true), -1);
	EXPECT_EQUAL(errno, EINVAL);
	osq_reader_close(&reader);
}

/* A kernel that answers with whatever this says. */
struct liar {
	uint64_t limit;
	int32_t drops;
};

static int sync_lies(void *context, struct osq_sync_args *args)
{
	const struct liar *liar = context;

	args->max_read_offset = liar->limit;
	args->drops = liar->drops;
	return 0;
}

static void test_limits_that_make_no_sense(void)
{
	static const uint64_t limits[] = {4097, 4100, 2, UINT64_MAX, 1ULL << 63};
	uint8_t *buffer = harness_buffer(4096);

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct liar liar = {limits[i], 0};
		struct osq_reader reader;

		osq_reader_attach(&reader, buffer, 4096, sync_lies, &liar);
		EXPECT_EQUAL(osq_reader_sync(&reader, OSQ_SYNC_NO_BLOCK), -1);
		EXPECT_EQUAL(errno, EBADMSG);
		EXPECT(!osq_reader_next(&reader));
	}
	free(buffer);
}

static void test_records_that_make_no_sense(void)
{
	static const struct osq_record_header damages[] = {{0, 1, 16, 0, 0},
	                                                   {1, 0, 16, 0, 0},
	                                                   {-1, 1, 16, 0, 0},
	                                                   {1, 1, 17, 0, 0},
	                                                   {1, 1, 44, 0, 0},
	                                                   {1, 1, UINT64_MAX - 23, 0, 0},
	                                                   {1, 1, UINT64_MAX - 19, 0, 0},
	                                                   {1, 1, 4096, 0, 0}};
	uint8_t *buffer = harness_buffer(4096);

	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		struct liar liar = {64, 0};
		struct osq_reader reader;

		memcpy(buffer, &damages[i], sizeof(damages[i]));
		osq_reader_attach(&reader, buffer, 4096, sync_lies, &liar);
		EXPECT_EQUAL(osq_reader_sync(&reader, OSQ_SYNC_NO_BLOCK), 0);
		EXPECT(!osq_reader_next(&reader));
		EXPECT_EQUAL(osq_reader_sync(&reader, OSQ_SYNC_NO_BLOCK), -1);
		EXPECT_EQUAL(errno, EBADMSG);
		EXPECT(strstr(reader.error, "makes no sense at offset 0"));
	}
	free(buffer);
}

static void test_lost_drops_are_told(void)
{
	struct liar liar = {0, -1};
	struct osq_reader reader;

	osq_reader_attach(&reader, "", 0, sync_lies, &liar);
	EXPECT_EQUAL(osq_reader_sync(&reader, OSQ_SYNC_NO_BLOCK), 0);
	EXPECT(reader.drops_lost);
	EXPECT_EQUAL(reader.drops, 0);
}

/* A tight buffer of random bytes: each reader ends, and none looks beyond (the sanitizer tells). */
static void test_noise(void)
{
	struct random random = harness_random(52);

	for (int round = 0; round < 20000; round++) {
		uint32_t size = 24 + random_below(&random, 200);
		uint8_t *buffer = harness_buffer(size);
		struct liar liar = {0, 0};
		struct osq_reader reader;
		uint32_t steps = 0;

		/* Mostly small numbers, for they get further than noise does. */
		for (uint32_t i = 0; i < size; i += 4) {
			uint32_t value = (uint32_t)random_next(&random);

			value = random_below(&random, 3) ? value % 64 / 4 * 4 : value;
			memcpy(buffer + i, &value, size - i < 4 ? size - i : 4);
		}
		osq_reader_attach(&reader, buffer, size, sync_lies, &liar);
		do {
			const struct osq_record_header *record;

			liar.limit = random_below(&random, size + 8);
			while ((record = osq_reader_next(&reader))) {
				uint32_t number;

				EXPECT(!osq_record_process(record));
				EXPECT(!osq_record_file(record));
				osq_record_socket(record);
				osq_record_test(record, &number);
				if (!EXPECT(++steps < 10000))
					break;
			}
		} while (!osq_reader_sync(&reader, OSQ_SYNC_NO_BLOCK) && steps++ < 50);
		free(buffer);
	}
}

/* One field of a good process record after the other is set to what it must not be. */
static void test_process_fields_are_checked(void)
{
	static const struct {
		size_t offset;
		uint64_t value;
		size_t size;
	} damages[] = {
	    {offsetof(struct osq_process_event, argv_offset), 100, 8},
	    {offsetof(struct osq_process_event, argv_offset), UINT64_MAX, 8},
	    {offsetof(struct osq_process_event, arg_length), 100, 8},
	    {offsetof(struct osq_process_event, arg_length), UINT64_MAX, 8},
	    {offsetof(struct osq_process_event, arg_length), 5, 8}, /* not ended */
	    {offsetof(struct osq_process_event, argc), 3, 4},
	    {offsetof(struct osq_process_event, argc), UINT32_MAX, 4},
	    {offsetof(struct osq_process_event, envv_offset), UINT64_MAX - 3, 8},
	    {offsetof(struct osq_process_event, env_length), 1ULL << 40, 8},
	    {offsetof(struct osq_process_event, envc), 2, 4},
	};
	struct osq_process process = {
	    .path = {"/bin/ls", 7}, .argv = {"ls\0-l", 6, 2}, .envv = {"A=1", 4, 1}};
	size_t size = osq_process_size(&process);
	struct osq_record_header *record = harness_buffer(HEADER + size);
	char *data = (char *)(record + 1);

	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		record->event = OSQ_EVENT_PROCESS;
		record->size = size;
		osq_process_fill(data, &process);
		EXPECT(osq_record_process(record));
		memcpy(data + damages[i].offset, &damages[i].value, damages[i].size);
		if (osq_record_process(record))
			harness_fail(__FILE__, __LINE__, "damage %zu went unnoticed", i);
	}
	osq_process_fill(data, &process);
	memset(data + offsetof(struct osq_process_event, path), 'x', OSQ_PATH_MAX);
	EXPECT(!osq_record_process(record)); /* a path without an end */
	record->size = sizeof(struct osq_process_event) - 8;
	EXPECT(!osq_record_process(record));
	free(record);
}

static void test_socket_fields_are_checked(void)
{
	struct osq_socket socket = {.family = 4, .path = {"/bin/nc", 7}};
	size_t size = osq_socket_size(&socket);
	struct osq_record_header *record = harness_buffer(HEADER + size);
	struct osq_socket_event *event = (void *)(record + 1);

	record->event = OSQ_EVENT_SOCKET;
	record->size = size;
	osq_socket_fill(event, &socket);
	EXPECT(osq_record_socket(record));
	event->path_length = 7;
	EXPECT(!osq_record_socket(record)); /* not ended */
	event->path_length = 9;
	EXPECT(!osq_record_socket(record)); /* beyond the record */
	event->path_length = UINT32_MAX;
	EXPECT(!osq_record_socket(record));
	event->path_length = 8;
	EXPECT(osq_record_socket(record));
	record->size = sizeof(*event) - 4;
	EXPECT(!osq_record_socket(record));
	free(record);
}

const struct test reader_tests[] = {
    {"reader: reads what was put, around and around", test_reads_what_was_put},
    {"reader: a failing sync says why", test_errors_of_a_sync},
    {"reader: no device, no reader", test_open_without_a_device},
    {"reader: limits that make no sense", test_limits_that_make_no_sense},
    {"reader: records that make no sense", test_records_that_make_no_sense},
    {"reader: drops that cannot be told", test_lost_drops_are_told},
    {"reader: noise ends in an error, not in a crash", test_noise},
    {"reader: the fields of a process are checked", test_process_fields_are_checked},
    {"reader: the fields of a socket are checked", test_socket_fields_are_checked},
    {NULL, NULL},
};
