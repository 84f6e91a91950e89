// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Every misuse of every request gets its errno, and the device works as before: each test ends
 * with a real event that goes all the way.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "osq_client.h"
#include "ktap.h"

#define RING (1u << 20)

static uint64_t version;

/* Without the device, there is nothing to misuse. */
static int open_device(void)
{
	int device = osq_handle_open(O_RDWR | O_CLOEXEC);

	if (device < 0) {
		ktap_say("Bail out! %s: %s", OSQ_DEVICE_PATH, strerror(errno));
		exit(2);
	}
	return device;
}

static int allocate(int device, uint64_t size, uint64_t of_version)
{
	struct osq_allocate_args args = {.size = size, .version = of_version};

	return osq_handle_request(device, OSQ_IOCTL_ALLOCATE, &args);
}

static int sync_at(int device, int32_t options, uint64_t offset)
{
	struct osq_sync_args args = {.options = options, .read_offset = offset};

	return osq_handle_request(device, OSQ_IOCTL_SYNC, &args);
}

static int subscribe(int device, int32_t event)
{
	struct osq_subscription_args args = {.event = event, .subscribe = 1};

	return osq_handle_request(device, OSQ_IOCTL_SUBSCRIPTION, &args);
}

static void expect_it_works(void)
{
	struct osq_reader reader;

	REQUIRE(!osq_reader_open(&reader, RING, version), "%s", reader.error);
	client_sees_an_exec(&reader);
	osq_reader_close(&reader);
}

static void the_node_is_for_the_superuser(void)
{
	struct stat status;

	version = client_version();
	REQUIRE(!stat(OSQ_DEVICE_PATH, &status), "%s", strerror(errno));
	EXPECT(S_ISCHR(status.st_mode), "not a character device");
	EXPECT((status.st_mode & 07777) == 0600, "mode %o", (unsigned int)status.st_mode & 07777);
	EXPECT(status.st_uid == 0, "owner %u", (unsigned int)status.st_uid);
	expect_it_works();
}

static void unknown_requests(void)
{
	static const unsigned long known[] = {OSQ_IOCTL_SUBSCRIPTION, OSQ_IOCTL_SYNC,
	                                      OSQ_IOCTL_ALLOCATE, OSQ_IOCTL_TEST, OSQ_IOCTL_PREFIX};
	char argument[2048] = {0};
	int device = open_device();
	unsigned long number;
	size_t i;

	for (number = 6; number < 256; number++) {
		EXPECT_ERRNO(osq_handle_request(device, OSQ_IOW(number, int32_t), argument),
		             ENOTTY);
		EXPECT_ERRNO(
		    osq_handle_request(device, OSQ_IOWR(number, struct osq_sync_args), argument),
		    ENOTTY);
	}
	EXPECT_ERRNO(osq_handle_request(device, OSQ_IOW(0, int32_t), argument), ENOTTY);
	/* The right number with another direction, size or magic. */
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		EXPECT_ERRNO(osq_handle_request(device, known[i] ^ 1UL << 31, argument), ENOTTY);
		EXPECT_ERRNO(osq_handle_request(device, known[i] ^ 1UL << 16, argument), ENOTTY);
		EXPECT_ERRNO(osq_handle_request(device, known[i] ^ 1UL << 8, argument), ENOTTY);
	}
	if (version == OSQ_VERSION_NORMAL)
		EXPECT_ERRNO(osq_handle_request(device, OSQ_IOCTL_TEST, argument), ENOTTY);
	osq_handle_close(device);
	expect_it_works();
}

/* Nothing there, the kernel's own, and memory that ends in the middle of the argument. */
static void bad_addresses(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *memory =
	    mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	void *addresses[] = {NULL, (void *)-4096L, (void *)0x800000000000L, NULL};
	int device = open_device();
	size_t i;

	REQUIRE(memory != MAP_FAILED, "%s", strerror(errno));
	munmap(memory + page, (size_t)page);
	addresses[3] = memory + page - 2;
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		EXPECT_ERRNO(osq_handle_request(device, OSQ_IOCTL_SUBSCRIPTION, addresses[i]),
		             EFAULT);
		EXPECT_ERRNO(osq_handle_request(device, OSQ_IOCTL_SYNC, addresses[i]), EFAULT);
		EXPECT_ERRNO(osq_handle_request(device, OSQ_IOCTL_ALLOCATE, addresses[i]), EFAULT);
		EXPECT_ERRNO(osq_handle_request(device, OSQ_IOCTL_PREFIX, addresses[i]), EFAULT);
		if (version == OSQ_VERSION_TEST)
			EXPECT_ERRNO(osq_handle_request(device, OSQ_IOCTL_TEST, addresses[i]),
			             EFAULT);
	}
	munmap(memory, (size_t)page);
	osq_handle_close(device);
	expect_it_works();
}

/* The request is right, but its answer cannot be written. */
static void answers_that_cannot_be_written(void)
{
	long page = sysconf(_SC_PAGESIZE);
	struct osq_allocate_args *allocation =
	    mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	struct osq_sync_args *sync = (void *)allocation;
	struct osq_sync_args args = {.options = OSQ_SYNC_NO_BLOCK};
	int device = open_device();

	REQUIRE(allocation != MAP_FAILED, "%s", strerror(errno));
	*allocation = (struct osq_allocate_args){.size = RING, .version = version};
	mprotect(allocation, (size_t)page, PROT_READ);
	EXPECT_ERRNO(osq_handle_request(device, OSQ_IOCTL_ALLOCATE, allocation), EFAULT);
#ifndef OSQ_LINUX
	/* XNU lets no driver know: the buffer stays until the closing. */
	EXPECT_ERRNO(allocate(device, RING, version), EINVAL);
	osq_handle_close(device);
	device = open_device();
#endif

	/* It left nothing behind: there still can be a first allocation. */
	EXPECT(!allocate(device, RING, version), "%s", strerror(errno));
	mprotect(allocation, (size_t)page, PROT_READ | PROT_WRITE);
	*sync = args;
	mprotect(allocation, (size_t)page, PROT_READ);
	EXPECT_ERRNO(osq_handle_request(device, OSQ_IOCTL_SYNC, sync), EFAULT);

	/* Nobody was told how many were dropped, and the next sync says so; then all is well. */
	EXPECT(!osq_handle_request(device, OSQ_IOCTL_SYNC, &args), "%s", strerror(errno));
#ifdef OSQ_LINUX
	EXPECT(args.drops < 0, "%d", args.drops);
#endif
	args.read_offset = args.max_read_offset;
	EXPECT(!osq_handle_request(device, OSQ_IOCTL_SYNC, &args), "%s", strerror(errno));
	EXPECT(args.drops == 0, "%d", args.drops);
	munmap(allocation, (size_t)page);
	osq_handle_close(device);
	expect_it_works();
}

static void bad_allocations(void)
{
	static const uint64_t sizes[] = {
	    0,          1,         OSQ_BUFFER_MIN - 1, OSQ_BUFFER_MAX + 1ULL, 1ULL << 32 | RING,
	    1ULL << 63, UINT64_MAX};
	const uint64_t versions[] = {0,         3, 5, version ^ 1ULL << 63, version | 1ULL << 32,
	                             UINT64_MAX};
	int device = open_device();
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		EXPECT_ERRNO(allocate(device, sizes[i], version), EINVAL);
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		EXPECT_ERRNO(allocate(device, RING, versions[i]), EINVAL);
	EXPECT(!allocate(device, RING, version), "%s", strerror(errno));
	EXPECT_ERRNO(allocate(device, RING, version), EINVAL);
	osq_handle_close(device);

	for (i = 0; i < 3; i++) {
		static const uint64_t good[] = {OSQ_BUFFER_MIN, OSQ_BUFFER_MAX, RING + 1};

		device = open_device();
		EXPECT(!allocate(device, good[i], version), "%llu: %s", (unsigned long long)good[i],
		       strerror(errno));
		osq_handle_close(device);
	}
	expect_it_works();
}

static void bad_syncs(void)
{
	static const int32_t options[] = {2, 3, -1, INT32_MAX, INT32_MIN};
	static const uint64_t offsets[] = {1,    3,        4,          24,         RING - 24,
	                                   RING, RING + 4, 1ULL << 32, 1ULL << 63, UINT64_MAX};
	int device = open_device();
	size_t i;

	EXPECT_ERRNO(sync_at(device, OSQ_SYNC_NO_BLOCK, 0), EINVAL);
	EXPECT_ERRNO(sync_at(device, OSQ_SYNC_BLOCK, 0), EINVAL);
	EXPECT(!allocate(device, RING, version), "%s", strerror(errno));
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		EXPECT_ERRNO(sync_at(device, options[i], 0), EINVAL);
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		EXPECT_ERRNO(sync_at(device, OSQ_SYNC_NO_BLOCK, offsets[i]), EINVAL);
	EXPECT(!sync_at(device, OSQ_SYNC_NO_BLOCK, 0), "%s", strerror(errno));
	osq_handle_close(device);
	expect_it_works();
}

/* Behind the limit, and before what was given back. */
static void offsets_outside_the_readable_range(void)
{
	struct osq_reader reader;

	REQUIRE(!osq_reader_open(&reader, RING, version), "%s", reader.error);
	if (client_sees_an_exec(&reader)) {
		EXPECT(reader.limit > 0, "nothing was read");
		EXPECT_ERRNO(sync_at(reader.device, OSQ_SYNC_NO_BLOCK, reader.limit + 4), EINVAL);
		EXPECT_ERRNO(sync_at(reader.device, OSQ_SYNC_NO_BLOCK, reader.limit - 1), EINVAL);
		EXPECT(!sync_at(reader.device, OSQ_SYNC_NO_BLOCK, reader.limit), "%s",
		       strerror(errno));
		EXPECT_ERRNO(sync_at(reader.device, OSQ_SYNC_NO_BLOCK, reader.limit - 4), EINVAL);
		EXPECT_ERRNO(sync_at(reader.device, OSQ_SYNC_NO_BLOCK, 0), EINVAL);
		client_sees_an_exec(&reader);
	}
	osq_reader_close(&reader);
}

static void unknown_events(void)
{
	int32_t events[] = {0, -1, OSQ_EVENT_COUNT, 255, INT32_MAX, INT32_MIN};
	int device = open_device();
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		EXPECT_ERRNO(subscribe(device, events[i]), EINVAL);
		if (version == OSQ_VERSION_TEST)
			EXPECT_ERRNO(osq_handle_request(device, OSQ_IOCTL_TEST, &events[i]),
			             EINVAL);
	}
	if (version == OSQ_VERSION_NORMAL) {
		EXPECT_ERRNO(subscribe(device, OSQ_EVENT_TEST_0), EINVAL);
		EXPECT_ERRNO(subscribe(device, OSQ_EVENT_TEST_1), EINVAL);
	}
	osq_handle_close(device);
	expect_it_works();
}

/* Twice the same is no misuse. */
static void repeated_subscriptions(void)
{
	static const int32_t events[] = {OSQ_EVENT_PROCESS};
	struct osq_reader reader;
	size_t i;
	int round;

	REQUIRE(!osq_reader_open(&reader, RING, version), "%s", reader.error);
	for (round = 0; round < 4; round++)
		for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
			EXPECT(!osq_reader_subscribe(&reader, events[i], round < 2), "%s",
			       reader.error);
	client_sees_an_exec(&reader);
	osq_reader_close(&reader);
}

static void the_ring_cannot_be_written(void)
{
	struct osq_reader reader;
	int device = open_device();

	EXPECT(mmap(NULL, 4096, PROT_READ, MAP_SHARED, device, 0) == MAP_FAILED,
	       "mmap of the device itself");
	EXPECT(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0) == MAP_FAILED,
	       "writable mmap of the device itself");
	osq_handle_close(device);

	REQUIRE(!osq_reader_open(&reader, RING, version), "%s", reader.error);
	EXPECT_ERRNO(mprotect((void *)reader.buffer, RING, PROT_READ | PROT_WRITE), EACCES);
#ifdef OSQ_LINUX
	EXPECT_ERRNO(mprotect((void *)reader.buffer, RING, PROT_READ | PROT_EXEC), EACCES);
#endif
	client_sees_an_exec(&reader);
	osq_reader_close(&reader);
}

/*
 * A reader that lost its mapping: requests go on, and on Linux closing does not take what came
 * there. XNU takes what lies at the address.
 */
static void the_ring_was_unmapped(void)
{
	struct osq_reader reader;
	char *other;

	REQUIRE(!osq_reader_open(&reader, RING, version), "%s", reader.error);
	EXPECT(!munmap((void *)reader.buffer, RING), "%s", strerror(errno));
	other = mmap((void *)reader.buffer, RING, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
	REQUIRE(other != MAP_FAILED, "%s", strerror(errno));
	EXPECT(!sync_at(reader.device, OSQ_SYNC_NO_BLOCK, 0), "%s", strerror(errno));
	osq_reader_close(&reader);
#ifdef OSQ_LINUX
	memset(other, 1, RING);
	munmap(other, RING);
#endif
	expect_it_works();
}

/* Closing takes the mapping, though the program never unmapped it. */
static void closing_unmaps_the_ring(void)
{
	struct osq_reader reader;
	const void *ring;

	REQUIRE(!osq_reader_open(&reader, RING, version), "%s", reader.error);
	ring = reader.buffer;
	EXPECT(!msync((void *)ring, RING, MS_ASYNC), "%s", strerror(errno));
	osq_reader_close(&reader);
	EXPECT_ERRNO(msync((void *)ring, RING, MS_ASYNC), ENOMEM);
	expect_it_works();
}

/*
 * A descriptor that another process uses: what the client had is void, and the other one may
 * begin anew. In the child the ring is not mapped in any case.
 */
static void another_process_asks(void)
{
	struct osq_reader reader;
	int child;

	REQUIRE(!osq_reader_open(&reader, RING, version), "%s", reader.error);
	child = ktap_fork();
	if (!child) {
		EXPECT_ERRNO(msync((void *)reader.buffer, RING, MS_ASYNC), ENOMEM);
		EXPECT_ERRNO(sync_at(reader.device, OSQ_SYNC_NO_BLOCK, 0), EINVAL);
		EXPECT(!allocate(reader.device, RING, version), "%s", strerror(errno));
		EXPECT(!sync_at(reader.device, OSQ_SYNC_NO_BLOCK, 0), "%s", strerror(errno));
		ktap_child_exit();
	}
	EXPECT(ktap_wait(child) == 0, "the child failed");
	EXPECT_ERRNO(sync_at(reader.device, OSQ_SYNC_NO_BLOCK, 0), EINVAL);
	EXPECT(!allocate(reader.device, RING, version), "%s", strerror(errno));
	osq_reader_close(&reader);
	expect_it_works();
}

static void a_second_opener(void)
{
	int first = open_device(), second = osq_handle_open(O_RDWR | O_CLOEXEC);

	if (version == OSQ_VERSION_NORMAL)
		EXPECT_ERRNO(second, EBUSY);
	else
		EXPECT(second >= 0, "%s", strerror(errno));
	osq_handle_close(second);
	osq_handle_close(first);
	expect_it_works();
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"the_node_is_for_the_superuser", the_node_is_for_the_superuser},
	    {"unknown_requests", unknown_requests},
	    {"bad_addresses", bad_addresses},
	    {"answers_that_cannot_be_written", answers_that_cannot_be_written},
	    {"bad_allocations", bad_allocations},
	    {"bad_syncs", bad_syncs},
	    {"offsets_outside_the_readable_range", offsets_outside_the_readable_range},
	    {"unknown_events", unknown_events},
	    {"repeated_subscriptions", repeated_subscriptions},
	    {"the_ring_cannot_be_written", the_ring_cannot_be_written},
	    {"the_ring_was_unmapped", the_ring_was_unmapped},
	    {"closing_unmaps_the_ring", closing_unmaps_the_ring},
	    {"another_process_asks", another_process_asks},
	    {"a_second_opener", a_second_opener},
	};

	if (argc == 2 && !strcmp(argv[1], CLIENT_NOTHING))
		return 0;
	return KTAP_RUN(tests);
}
