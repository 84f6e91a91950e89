/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "osq_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "osq_handle.h"

#define HEADER sizeof(struct osq_record_header)

/* Says what happened and returns -1 with `error` in errno. */
__attribute__((format(printf, 3, 4))) static int fail(struct osq_reader *reader, int error,
                                                      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reader->error, sizeof(reader->error), format, arguments);
	va_end(arguments);
	errno = error;
	return -1;
}

static int sync_device(void *context, struct osq_sync_args *args)
{
	const struct osq_reader *reader = context;

	return osq_handle_request(reader->device, OSQ_IOCTL_SYNC, args);
}

void osq_reader_attach(struct osq_reader *reader, const void *buffer, uint64_t size,
                       osq_sync_function *sync, void *context)
{
	memset(reader, 0, sizeof(*reader));
	reader->device = -1;
	reader->buffer = buffer;
	reader->size = size;
	reader->sync = sync;
	reader->context = context;
}

static const char *open_advice(int error)
{
	switch (error) {
	case ENOENT:
	case ENXIO:
		return "is the extension loaded?";
	case EACCES:
	case EPERM:
		return "only the superuser may; try sudo";
	case EBUSY:
		return "another client has it open; stop that one first";
	default:
		return "the kernel's log may tell more";
	}
}

int osq_reader_open(struct osq_reader *reader, uint64_t size, uint64_t version)
{
	struct osq_allocate_args args = {.size = size, .version = version};
	int device = osq_handle_open(O_RDWR | O_CLOEXEC);

	osq_reader_attach(reader, NULL, size, sync_device, reader);
	if (device < 0) {
		int error = errno;

		return fail(reader, error, "cannot open %s: %s; %s", OSQ_DEVICE_PATH,
		            strerror(error), open_advice(error));
	}
	if (osq_handle_request(device, OSQ_IOCTL_ALLOCATE, &args)) {
		int error = errno;

		osq_handle_close(device);
		return fail(reader, error,
		            "cannot allocate a ring of %llu bytes (version %#llx): %s; a ring has "
		            "%u to %u bytes, and a test build speaks version %#llx",
		            (unsigned long long)size, (unsigned long long)version, strerror(error),
		            OSQ_BUFFER_MIN, OSQ_BUFFER_MAX, (unsigned long long)OSQ_VERSION_TEST);
	}
	reader->device = device;
	reader->buffer = args.buffer;
	return 0;
}

void osq_reader_close(struct osq_reader *reader)
{
	if (reader->device >= 0)
		osq_handle_close(reader->device);
	reader->device = -1;
	reader->buffer = NULL;
	reader->broken = true;
}

int osq_reader_subscribe(struct osq_reader *reader, int32_t event, bool subscribe)
{
	struct osq_subscription_args args = {.event = event, .subscribe = subscribe};

	if (!osq_handle_request(reader->device, OSQ_IOCTL_SUBSCRIPTION, &args))
		return 0;
	return fail(reader, errno, "cannot %s event %d: %s", subscribe ? "subscribe to" : "end",
	            event, strerror(errno));
}

int osq_reader_prefix(struct osq_reader *reader, const char *prefix, bool add)
{
	struct osq_prefix_args args = {.add = add};
	size_t length = strlen(prefix);

	if (prefix[0] != '/' || length >= sizeof(args.prefix))
		return fail(reader, EINVAL,
		            "cannot use the prefix \"%.100s\": it must begin with / and have at "
		            "most %zu bytes",
		            prefix, sizeof(args.prefix) - 1);
	memcpy(args.prefix, prefix, length);
	if (!osq_handle_request(reader->device, OSQ_IOCTL_PREFIX, &args))
		return 0;
	return fail(reader, errno, "cannot %s the prefix \"%.100s\": %s", add ? "add" : "remove",
	            prefix, strerror(errno));
}

static int broken_ring(struct osq_reader *reader)
{
	return fail(reader, EBADMSG,
	            "the ring makes no sense at offset %llu (limit %llu, size %llu); close the "
	            "device and open it anew",
	            (unsigned long long)reader->offset, (unsigned long long)reader->limit,
	            (unsigned long long)reader->size);
}

int osq_reader_sync(struct osq_reader *reader, int32_t options)
{
	struct osq_sync_args args = {.options = options, .read_offset = reader->offset};

	if (reader->broken)
		return broken_ring(reader);
	if (reader->sync(reader->context, &args))
		return fail(reader, errno, "cannot sync at offset %llu: %s",
		            (unsigned long long)reader->offset, strerror(errno));
	reader->limit = args.max_read_offset;
	if (args.drops < 0)
		reader->drops_lost = true;
	else
		reader->drops += (uint64_t)args.drops;
	if (reader->limit > reader->size || reader->limit % OSQ_RECORD_ALIGN) {
		reader->broken = true;
		return broken_ring(reader);
	}
	return 0;
}

const struct osq_record_header *osq_reader_next(struct osq_reader *reader)
{
	const struct osq_record_header *record;
	uint64_t end;

	if (reader->broken || reader->offset == reader->limit)
		return NULL;
	record = (const void *)(reader->buffer + reader->offset);
	if (reader->size - reader->offset < HEADER || record->event == OSQ_EVENT_WRAP) {
		/* Only a limit that lies before us is reached by going on at 0. */
		if (reader->limit >= reader->offset)
			goto broken;
		reader->offset = 0;
		if (reader->limit == 0)
			return NULL;
		record = (const void *)reader->buffer;
	}
	end = reader->limit > reader->offset ? reader->limit : reader->size;
	if (end - reader->offset < HEADER || record->size > end - reader->offset - HEADER ||
	    record->size % OSQ_RECORD_ALIGN || record->event <= 0 || !record->finished)
		goto broken;
	reader->offset += HEADER + record->size;
	return record;
broken:
	reader->broken = true;
	return NULL;
}

/* Do `length` bytes hold exactly so many strings at least, the last one ended? */
static bool holds_strings(const char *bytes, uint64_t length, int32_t count)
{
	int64_t ends = 0;

	for (uint64_t i = 0; i < length; i++)
		ends += !bytes[i];
	return count >= 0 && count <= ends && (!length || !bytes[length - 1]);
}

static bool is_within(uint64_t offset, uint64_t length, uint64_t room)
{
	return offset <= room && length <= room - offset;
}

const struct osq_process_event *osq_record_process(const struct osq_record_header *record)
{
	const struct osq_process_event *process = (const void *)(record + 1);
	uint64_t room;

	if (record->event != OSQ_EVENT_PROCESS || record->size < sizeof(*process))
		return NULL;
	room = record->size - sizeof(*process);
	if (!memchr(process->path, 0, sizeof(process->path)) ||
	    !is_within(process->argv_offset, process->arg_length, room) ||
	    !is_within(process->envv_offset, process->env_length, room) ||
	    !holds_strings(process->strings + process->argv_offset, process->arg_length,
	                   process->argc) ||
	    !holds_strings(process->strings + process->envv_offset, process->env_length,
	                   process->envc))
		return NULL;
	return process;
}

const struct osq_file_event *osq_record_file(const struct osq_record_header *record)
{
	const struct osq_file_event *file = (const void *)(record + 1);

	if (record->event != OSQ_EVENT_FILE || record->size < sizeof(*file) ||
	    !memchr(file->path, 0, sizeof(file->path)))
		return NULL;
	return file;
}

const struct osq_socket_event *osq_record_socket(const struct osq_record_header *record)
{
	const struct osq_socket_event *socket = (const void *)(record + 1);

	if (record->event != OSQ_EVENT_SOCKET || record->size < sizeof(*socket) ||
	    socket->path_length > record->size - sizeof(*socket) ||
	    (socket->path_length && socket->path[socket->path_length - 1]))
		return NULL;
	return socket;
}

/* Eight digits over and over: the first eight are looked at, the others compared with them. */
static bool is_test_text(const char *text, size_t size, uint32_t number)
{
	for (uint32_t i = 0; i < 8; i++)
		if (text[i] != osq_test_byte(number, i))
			return false;
	return !memcmp(text, text + 8, size - 9) && !text[size - 1];
}

bool osq_record_test(const struct osq_record_header *record, uint32_t *number)
{
	const struct osq_test_event_0 *zero = (const void *)(record + 1);
	const struct osq_test_event_1 *one = (const void *)(record + 1);

	if (record->event == OSQ_EVENT_TEST_0 && record->size == sizeof(*zero)) {
		*number = zero->number;
		return is_test_text(zero->text, sizeof(zero->text), *number);
	}
	if (record->event == OSQ_EVENT_TEST_1 && record->size == sizeof(*one)) {
		*number = one->number;
		return is_test_text(one->text, sizeof(one->text), *number);
	}
	return false;
}
