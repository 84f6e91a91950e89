// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "fuzz_requests.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "osq_device.h"

uint64_t fuzz_next(struct fuzz_random *random)
{
	uint64_t x = random->state += 0x9E3779B97F4A7C15u; /* splitmix64 */

	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

uint32_t fuzz_below(struct fuzz_random *random, uint32_t limit)
{
	return (uint32_t)((fuzz_next(random) >> 32) * limit >> 32);
}

bool fuzz_once_in(struct fuzz_random *random, uint32_t times)
{
	return !fuzz_below(random, times);
}

/*
 * What can only be read holds good arguments of requests that write their answer there, as many of
 * one kind as of the other.
 */
#define CELL 32

bool fuzz_memory_make(struct fuzz_memory *memory, uint64_t version)
{
	const struct osq_sync_args sync = {.options = OSQ_SYNC_NO_BLOCK};
	const struct osq_allocate_args allocation = {.size = OSQ_BUFFER_MIN, .version = version};
	const size_t size = FUZZ_ARGUMENT_MAX;
	size_t i;
	uint8_t *all = mmap(NULL, 4 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);

	if (all == MAP_FAILED)
		return false;
	*memory = (struct fuzz_memory){.torn = all,
	                               .read_only = all + size,
	                               .edge = all + 3 * size,
	                               .nothing = all + 3 * size};
	for (i = 0; i < size; i += 2 * CELL) {
		memcpy(memory->read_only + i, &sync, sizeof(sync));
		memcpy(memory->read_only + i + CELL, &allocation, sizeof(allocation));
	}
	return !mprotect(memory->read_only, size, PROT_READ) &&
	       !mprotect(memory->nothing, size, PROT_NONE);
}

/* Numbers at which arithmetic goes wrong. */
static uint64_t odd_number(struct fuzz_random *random)
{
	static const uint64_t odd[] = {0,
	                               1,
	                               3,
	                               4,
	                               24,
	                               4095,
	                               4096,
	                               OSQ_BUFFER_MIN - 1,
	                               OSQ_BUFFER_MIN,
	                               OSQ_BUFFER_MAX,
	                               OSQ_BUFFER_MAX + 1u,
	                               INT32_MAX,
	                               1ULL << 31,
	                               UINT32_MAX,
	                               1ULL << 32,
	                               INT64_MAX,
	                               1ULL << 63,
	                               UINT64_MAX - 23,
	                               UINT64_MAX};

	if (fuzz_once_in(random, 3))
		return fuzz_next(random) >> fuzz_below(random, 64);
	return odd[fuzz_below(random, sizeof(odd) / sizeof(odd[0]))];
}

/* To begin and end a publisher takes the time of thousands of other requests: rarely. */
static void fill_subscription(struct fuzz_random *random, struct osq_subscription_args *args)
{
	args->event = (int32_t)odd_number(random);
	args->subscribe = (int32_t)odd_number(random);
	if (!fuzz_once_in(random, 64))
		return;
	args->event = (int32_t)fuzz_below(random, OSQ_EVENT_COUNT + 2) - 1;
	if (fuzz_once_in(random, 2))
		args->subscribe = (int32_t)fuzz_below(random, 2);
}

static void fill_sync(struct fuzz_random *random, const struct fuzz_device *device,
                      struct osq_sync_args *args)
{
	memset(args, 0, sizeof(*args));
	args->options = OSQ_SYNC_NO_BLOCK;
	args->read_offset = device->read_offset;
	if (fuzz_once_in(random, 8))
		args->options = OSQ_SYNC_BLOCK;
	else if (fuzz_once_in(random, 8))
		args->options = (int32_t)odd_number(random);
	if (args->options == OSQ_SYNC_BLOCK && !device->blocks)
		args->options = OSQ_SYNC_NO_BLOCK;
	if (fuzz_once_in(random, 4))
		args->read_offset = odd_number(random);
	else if (fuzz_once_in(random, 4))
		args->read_offset = fuzz_below(random, OSQ_BUFFER_MIN) & ~3u;
}

/* Small rings mostly: they are full, empty and wrapped soon. */
static void fill_allocation(struct fuzz_random *random, const struct fuzz_device *device,
                            struct osq_allocate_args *args)
{
	memset(args, 0, sizeof(*args));
	args->size = OSQ_BUFFER_MIN;
	args->version = device->version;
	if (fuzz_once_in(random, 8))
		args->size += fuzz_below(random, 64u << 10);
	else if (fuzz_once_in(random, 16))
		args->size = odd_number(random);
	if (fuzz_once_in(random, 8))
		args->version =
		    fuzz_once_in(random, 2) ? device->version ^ 1ULL << 63 : odd_number(random);
}

/* More of them than the device holds, and often the same. */
static void fill_prefix(struct fuzz_random *random, struct osq_prefix_args *args)
{
	uint32_t i;

	args->add = fuzz_once_in(random, 3) ? 0 : 1;
	snprintf(args->prefix, sizeof(args->prefix), "/tmp/fuzz-%u",
	         fuzz_below(random, OSQ_PREFIXES_MAX + 16));
	switch (fuzz_below(random, 16)) {
	case 0:
		args->add = (int32_t)odd_number(random);
		break;
	case 1:
		memset(args->prefix, '/', sizeof(args->prefix));
		break;
	case 2:
		for (i = 0; i < sizeof(args->prefix); i++)
			args->prefix[i] = (char)fuzz_next(random);
		break;
	case 3:
		args->prefix[fuzz_below(random, 4)] = '\0';
		break;
	case 4:
		memset(args->prefix + 1, 'x', sizeof(args->prefix) - 2);
		args->prefix[sizeof(args->prefix) - 1] = '\0';
		break;
	}
}

static void fill_test(struct fuzz_random *random, int32_t *event)
{
	*event = fuzz_once_in(random, 2) ? OSQ_EVENT_TEST_0 : OSQ_EVENT_TEST_1;
	if (fuzz_once_in(random, 8))
		*event = (int32_t)odd_number(random);
}

static const unsigned long known[] = {OSQ_IOCTL_SUBSCRIPTION, OSQ_IOCTL_SYNC, OSQ_IOCTL_ALLOCATE,
                                      OSQ_IOCTL_TEST, OSQ_IOCTL_PREFIX};

static bool is_known(unsigned long number)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == number)
			return true;
	return false;
}

/* What ends all that was, or takes long, rarely: the others need something to work on. */
static unsigned long known_number(struct fuzz_random *random)
{
	static const unsigned long often[] = {OSQ_IOCTL_SYNC, OSQ_IOCTL_TEST, OSQ_IOCTL_PREFIX};

	if (fuzz_once_in(random, 4))
		return known[fuzz_below(random, 5)];
	return often[fuzz_below(random, 3)];
}

/*
 * Direction, size and number by chance, or a known one with one bit changed. The magic is mostly
 * the device's own; never one of those by which the system takes requests to any file for itself.
 */
static unsigned long unknown_number(struct fuzz_random *random)
{
	static const uint8_t systems[] = {0, 1, 2, 'T', 'X', 'f', 'r', 'v', 0x12, 0x89, 0x8B, 0x94};
	unsigned long number;
	uint8_t magic;

	do {
		number = known[fuzz_below(random, 5)] ^ 1UL << fuzz_below(random, 32);
		if (fuzz_once_in(random, 2))
			number = (number & 0xFF00) | ((uint32_t)fuzz_next(random) & 0xFFFF00FF);
		if (fuzz_once_in(random, 8))
			number = (uint32_t)fuzz_next(random);
		magic = (uint8_t)(number >> 8);
	} while (is_known(number) || memchr(systems, magic, sizeof(systems)));
	return number;
}

/* Both systems have the size there; Linux uses a bit more. */
static size_t size_of(unsigned long number)
{
	return number >> 16 & 0x1FFF;
}

static void fill(struct fuzz_random *random, const struct fuzz_device *device, unsigned long number,
                 uint8_t *own)
{
	size_t i;

	switch (number) {
	case OSQ_IOCTL_SUBSCRIPTION:
		fill_subscription(random, (void *)own);
		break;
	case OSQ_IOCTL_SYNC:
		fill_sync(random, device, (void *)own);
		break;
	case OSQ_IOCTL_ALLOCATE:
		fill_allocation(random, device, (void *)own);
		break;
	case OSQ_IOCTL_TEST:
		fill_test(random, (void *)own);
		break;
	case OSQ_IOCTL_PREFIX:
		fill_prefix(random, (void *)own);
		break;
	default:
		for (i = 0; i < 64; i += 8)
			memcpy(own + i, &(uint64_t){fuzz_next(random)}, 8);
	}
}

/* Nothing, the kernel's, an address that no address can be, memory with a hole in it. */
static void place_badly(struct fuzz_random *random, const struct fuzz_memory *memory,
                        struct fuzz_request *request)
{
	const size_t size = size_of(request->number);

	request->kind = FUZZ_NONE;
	switch (fuzz_below(random, 6)) {
	case 0:
		request->argument = (void *)(uintptr_t)fuzz_below(random, 4096);
		break;
	case 1:
		request->argument = (void *)(uintptr_t)(UINT64_MAX << fuzz_below(random, 40));
		break;
	case 2:
		request->argument = (void *)(uintptr_t)(0x8000ULL << (32 + fuzz_below(random, 16)));
		break;
	case 3:
		request->argument = memory->nothing + fuzz_below(random, FUZZ_ARGUMENT_MAX / 2);
		break;
	case 4:
		request->argument = memory->edge - fuzz_below(random, (uint32_t)size);
		break;
	default:
		request->kind = FUZZ_READ_ONLY;
		request->argument =
		    memory->read_only + CELL * fuzz_below(random, FUZZ_ARGUMENT_MAX / 2 / CELL);
	}
}

struct fuzz_request fuzz_request_make(struct fuzz_random *random, const struct fuzz_device *device,
                                      const struct fuzz_memory *memory, uint8_t *own)
{
	struct fuzz_request request = {.number = known_number(random), .kind = FUZZ_GOOD};

	if (fuzz_once_in(random, 8))
		request.number = unknown_number(random);
	fill(random, device, request.number, own);
	request.argument = own;
	if (fuzz_once_in(random, 6)) {
		place_badly(random, memory, &request);
	} else if (device->blocks && fuzz_once_in(random, 6)) {
		request.kind = FUZZ_TORN;
		request.argument = memory->torn + fuzz_below(random, FUZZ_TORN_SIZE / 2) / 8 * 8;
		fill(random, device, request.number, request.argument);
	} else if (fuzz_once_in(random, 6)) {
		/* Whole, with the last byte at the end of what is mapped. */
		request.argument = memory->edge - size_of(request.number);
		if (is_known(request.number))
			memmove(request.argument, own, size_of(request.number));
	}
	return request;
}

static bool is_one_of(int error, const int *errors)
{
	while (*errors && *errors != error)
		errors++;
	return *errors != 0;
}

/* To a request with a whole argument of its own. */
static const int *refusals(unsigned long number)
{
	static const int prefix[] = {EINVAL, EEXIST, ENOENT, ENOSPC, 0};
	static const int allocation[] = {EINVAL, ENOMEM, 0};
	static const int others[] = {EINVAL, 0};
	static const int unknown[] = {ENOTTY, 0};

	if (!is_known(number))
		return unknown;
	if (number == OSQ_IOCTL_ALLOCATE)
		return allocation;
	return number == OSQ_IOCTL_PREFIX ? prefix : others;
}

/* Linux' module gives up its wait for a turn, XNU's extension only its sleep. */
static bool may_be_interrupted(unsigned long number)
{
#ifdef OSQ_LINUX
	return number != OSQ_IOCTL_TEST;
#else
	return number == OSQ_IOCTL_SYNC;
#endif
}

bool fuzz_answer_is_allowed(const struct fuzz_request *request, const struct fuzz_device *device,
                            int error)
{
	const bool is_unknown = !is_known(request->number) || (request->number == OSQ_IOCTL_TEST &&
	                                                       device->version != OSQ_VERSION_TEST);

	if (!error)
		return !is_unknown && request->kind != FUZZ_NONE;
	if (error == EFAULT) /* XNU reads what a request says it has, known or not */
		return request->kind >= FUZZ_READ_ONLY
#ifdef OSQ_LINUX
		       && !is_unknown
#endif
		    ;
	if (is_unknown)
		return error == ENOTTY;
	if (error == EINTR)
		return may_be_interrupted(request->number);
	return is_one_of(error, refusals(request->number));
}
