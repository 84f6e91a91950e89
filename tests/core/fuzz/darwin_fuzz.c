/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * kext/darwin on as much of XNU as it calls: two processes' requests of any kind, what the kernel
 * has to tell, and a kernel that runs out of things. Each answer is allowed, each record whole, and
 * when all is closed the extension holds as much as before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#undef __linux__
#include "osq_device.h"

#include "../xnu/xnu.h"
#include "fuzz.h"

#define DEVICES      3
#define TASKS        2
#define ARGUMENT_MAX 0x2000

struct fixture {
	struct fuzz_input input;
	struct xnu_task *tasks[TASKS];
	int devices[DEVICES]; /* -1: not open */
	const uint8_t *buffer;
	uint64_t size, offset;
};

static const unsigned long requests[] = {OSQ_IOCTL_SUBSCRIPTION, OSQ_IOCTL_SYNC, OSQ_IOCTL_ALLOCATE,
                                         OSQ_IOCTL_TEST, OSQ_IOCTL_PREFIX};

static long at_rest;

static void unload(void)
{
	EXPECT(xnu_unload());
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	EXPECT(xnu_load());
	at_rest = xnu_remaining();
	return atexit(unload);
}

static void expect_allowed(int error)
{
	static const int allowed[] = {0,     EINVAL, ENOTTY, EPERM,  EBUSY,  ENXIO,
	                              EINTR, EEXIST, ENOENT, ENOSPC, ENOMEM, ENOBUFS};
	size_t i = 0;

	while (i < sizeof(allowed) / sizeof(allowed[0]) && allowed[i] != error)
		i++;
	if (i == sizeof(allowed) / sizeof(allowed[0]))
		harness_fail(__FILE__, __LINE__, "the answer is %d", error);
}

static void check_record(const struct osq_record_header *header, const void *data)
{
	const struct osq_process_event *process = data;
	const struct osq_file_event *file = data;

	EXPECT(header->finished == 1 && header->event > 0 && header->event < OSQ_EVENT_COUNT);
	if (header->event == OSQ_EVENT_PROCESS)
		EXPECT(header->size >= sizeof(*process) &&
		       memchr(process->path, 0, sizeof(process->path)));
	if (header->event == OSQ_EVENT_FILE)
		EXPECT(header->size == sizeof(*file) && memchr(file->path, 0, sizeof(file->path)));
	if (header->event == OSQ_EVENT_SOCKET)
		EXPECT(header->size >= sizeof(struct osq_socket_event));
}

/* As a reader that keeps to the rules. */
static void walk(struct fixture *fixture, uint64_t limit)
{
	struct osq_record_header header;

	while (fixture->offset != limit) {
		memset(&header, 0, sizeof(header));
		if (fixture->size - fixture->offset >= sizeof(header))
			memcpy(&header, fixture->buffer + fixture->offset, sizeof(header));
		if (header.event == OSQ_EVENT_WRAP) {
			EXPECT(limit < fixture->offset);
			fixture->offset = 0;
			continue;
		}
		EXPECT(header.size <= fixture->size - fixture->offset - sizeof(header));
		check_record(&header, fixture->buffer + fixture->offset + sizeof(header));
		fixture->offset += sizeof(header) + header.size;
	}
}

static int *choose_device(struct fixture *fixture)
{
	return &fixture->devices[fuzz_choose(&fixture->input, DEVICES)];
}

static void open_one(struct fixture *fixture)
{
	int *device = choose_device(fixture), opened, error;

	if (*device >= 0)
		return;
	error = xnu_open(&opened);
	expect_allowed(error);
	if (!error)
		*device = opened;
}

static void close_one(int *device)
{
	if (*device >= 0)
		xnu_close(*device);
	*device = -1;
}

/* A whole argument, good for the request as far as the input makes it so. */
static void fill(struct fixture *fixture, unsigned long request, uint8_t *argument)
{
	struct osq_prefix_args *prefix = (void *)argument;
	struct osq_allocate_args *allocation = (void *)argument;
	struct osq_subscription_args *subscription = (void *)argument;
	size_t i, size = request >> 16 & 0x1FFF;

	for (i = 0; i < size && i < 48 && fixture->input.left; i++)
		argument[i] = (uint8_t)fuzz_take(&fixture->input, 1);
	if (fuzz_choose(&fixture->input, 4) == 0)
		return;
	if (request == OSQ_IOCTL_ALLOCATE) {
		allocation->size = OSQ_BUFFER_MIN + allocation->size % 4096;
		allocation->version = OSQ_VERSION;
	} else if (request == OSQ_IOCTL_SUBSCRIPTION) {
		subscription->event = (int32_t)((uint32_t)subscription->event % OSQ_EVENT_COUNT);
	} else if (request == OSQ_IOCTL_PREFIX) {
		prefix->add &= 1;
		prefix->prefix[0] = '/';
		prefix->prefix[1] &= 'g';
		prefix->prefix[2] = '\0';
	} else if (request == OSQ_IOCTL_TEST) {
		*(int32_t *)argument = argument[0] % 2 ? OSQ_EVENT_TEST_0 : OSQ_EVENT_TEST_1;
	}
}

static void request_one(struct fixture *fixture)
{
	uint8_t *argument = harness_buffer(ARGUMENT_MAX);
	int device = *choose_device(fixture), error;
	unsigned long request = fuzz_choose(&fixture->input, 8)
	                            ? requests[fuzz_choose(&fixture->input, 5)]
	                            : fuzz_take(&fixture->input, 4);

	fill(fixture, request, argument);
	error = device < 0 ? EBADF : xnu_ioctl(device, request, argument);
	if (device >= 0)
		expect_allowed(error);
	if (!error && request == OSQ_IOCTL_ALLOCATE) {
		const struct osq_allocate_args *allocation = (void *)argument;

		fixture->buffer = allocation->buffer;
		fixture->size = allocation->size & ~3ULL;
		fixture->offset = 0;
	}
	free(argument);
}

static void read_all(struct fixture *fixture)
{
	struct osq_sync_args args = {.options = OSQ_SYNC_NO_BLOCK, .read_offset = fixture->offset};
	int device = *choose_device(fixture), error;

	if (device < 0)
		return;
	error = xnu_ioctl(device, OSQ_IOCTL_SYNC, &args);
	expect_allowed(error);
	if (!error)
		walk(fixture, args.max_read_offset);
}

static void tell(struct fixture *fixture)
{
	size_t length, what = fuzz_choose(&fixture->input, 8);
	uint8_t *bytes = fuzz_take_bytes(&fixture->input, 1500, &length);
	char *path = harness_buffer(length + 2);

	path[0] = '/';
	memcpy(path + 1, bytes, length);
	if (what < 4)
		xnu_file_operation((int)fuzz_choose(&fixture->input, 8),
		                   1 + fuzz_choose(&fixture->input, 3), path,
		                   fuzz_take(&fixture->input, 1));
	else if (what == 4)
		xnu_spawn((int)fuzz_take(&fixture->input, 2), path,
		          fuzz_choose(&fixture->input, 2));
	else if (what == 5)
		xnu_connect();
	else if (what == 6)
		xnu_bind();
	else
		xnu_accept();
	free(path);
	free(bytes);
}

static void become(struct fixture *fixture, uint32_t task)
{
	xnu_task_switch(fixture->tasks[task]);
}

static void step(struct fixture *fixture)
{
	switch (fuzz_choose(&fixture->input, 16)) {
	case 0 ... 1:
		open_one(fixture);
		break;
	case 2:
		close_one(choose_device(fixture));
		break;
	case 3 ... 7:
		request_one(fixture);
		break;
	case 8:
		xnu_task_make_superuser(false);
		request_one(fixture);
		xnu_task_make_superuser(true);
		break;
	case 9 ... 12:
		tell(fixture);
		break;
	case 13:
		become(fixture, fuzz_choose(&fixture->input, TASKS));
		break;
	case 14:
		xnu_fail(fuzz_choose(&fixture->input, XNU_FAILURES),
		         (int)fuzz_choose(&fixture->input, 3));
		break;
	default:
		read_all(fixture);
	}
}

/* Nobody sleeps here: each is signalled, so whatever would sleep is interrupted. */
static void begin(struct fixture *fixture)
{
	for (int i = 0; i < TASKS; i++) {
		fixture->tasks[i] = xnu_task_make(500 + i);
		xnu_task_signal(fixture->tasks[i]);
	}
	for (int i = 0; i < DEVICES; i++)
		fixture->devices[i] = -1;
	become(fixture, 0);
	open_one(fixture);
}

static void end(struct fixture *fixture)
{
	for (int i = 0; i < XNU_FAILURES; i++)
		xnu_fail(i, -1);
	for (int i = 0; i < DEVICES; i++)
		close_one(&fixture->devices[i]);
	xnu_task_switch(NULL);
	for (int i = 0; i < TASKS; i++)
		xnu_task_release(fixture->tasks[i]);
	EXPECT_EQUAL(xnu_remaining(), at_rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fixture fixture = {.input = {bytes, size}};

	begin(&fixture);
	while (fixture.input.left)
		step(&fixture);
	end(&fixture);
	return 0;
}
