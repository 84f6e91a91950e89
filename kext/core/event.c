/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "event.h"

static size_t at_most(size_t size, size_t limit)
{
	return size < limit ? size : limit;
}

static size_t round_up_to_8(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* The text, cut if it must be, and zeros: `room` bytes of which the last is a NUL. */
static void fill_text(char *to, size_t room, const struct osq_text *text)
{
	size_t length = at_most(text->length, room - 1);

	if (length)
		osq_port_copy(to, text->bytes, length);
	osq_port_zero(to + length, room - length);
}

/*
 * Copies a block of strings, ends the last one where it was cut, and counts what arrived. Counted
 * in the copy: whoever owns the source may be changing it meanwhile.
 */
static int32_t fill_strings(char *to, size_t room, const struct osq_strings *strings)
{
	int32_t count = 0;
	size_t i;

	if (!room)
		return 0;
	osq_port_copy(to, strings->bytes, room);
	to[room - 1] = '\0';
	for (i = 0; i < room; i++)
		count += to[i] == '\0';
	return count < strings->count ? count : strings->count;
}

/* The events that carry attributes name them alike, but lay them at offsets of their own. */
#define FILL_IDENTITY(event, identity)                                                             \
	do {                                                                                       \
		(event)->pid = (identity)->pid;                                                    \
		(event)->ppid = (identity)->ppid;                                                  \
		(event)->uid = (identity)->uid;                                                    \
		(event)->euid = (identity)->euid;                                                  \
		(event)->gid = (identity)->gid;                                                    \
		(event)->egid = (identity)->egid;                                                  \
	} while (0)

#define FILL_ATTRIBUTES(event, file)                                                               \
	do {                                                                                       \
		(event)->owner_uid = (file)->owner_uid;                                            \
		(event)->owner_gid = (file)->owner_gid;                                            \
		(event)->create_time = (file)->create_time;                                        \
		(event)->access_time = (file)->access_time;                                        \
		(event)->modify_time = (file)->modify_time;                                        \
		(event)->change_time = (file)->change_time;                                        \
		(event)->mode = (file)->mode;                                                      \
	} while (0)

size_t osq_process_size(const struct osq_process *process)
{
	return round_up_to_8(sizeof(struct osq_process_event) +
	                     at_most(process->argv.length, OSQ_VECTOR_MAX) +
	                     at_most(process->envv.length, OSQ_VECTOR_MAX));
}

void osq_process_fill(void *record, const struct osq_process *process)
{
	struct osq_process_event *event = record;
	size_t arg_length = at_most(process->argv.length, OSQ_VECTOR_MAX);
	size_t env_length = at_most(process->envv.length, OSQ_VECTOR_MAX);
	size_t used = sizeof(*event) + arg_length + env_length;

	FILL_IDENTITY(event, &process->identity);
	FILL_ATTRIBUTES(event, &process->file);
	fill_text(event->path, sizeof(event->path), &process->path);
	event->padding = 0;
	event->argv_offset = 0;
	event->arg_length = arg_length;
	event->argc = fill_strings(event->strings, arg_length, &process->argv);
	event->actual_argc = process->argv.count;
	event->envv_offset = arg_length;
	event->env_length = env_length;
	event->envc = fill_strings(event->strings + arg_length, env_length, &process->envv);
	event->actual_envc = process->envv.count;
	osq_port_zero((char *)record + used, round_up_to_8(used) - used);
}

void osq_file_fill(void *record, const struct osq_file *file)
{
	struct osq_file_event *event = record;

	event->action = file->action;
	event->padding = 0;
	FILL_IDENTITY(event, &file->identity);
	FILL_ATTRIBUTES(event, &file->file);
	fill_text(event->path, sizeof(event->path), &file->path);
	event->padding_end = 0;
}

/* The path with its NUL, or nothing. */
static size_t socket_path_length(const struct osq_socket *socket)
{
	return socket->path.length ? at_most(socket->path.length, OSQ_PATH_MAX - 1) + 1 : 0;
}

size_t osq_socket_size(const struct osq_socket *socket)
{
	return sizeof(struct osq_socket_event) + round_up_to_8(socket_path_length(socket));
}

void osq_socket_fill(void *record, const struct osq_socket *socket)
{
	struct osq_socket_event *event = record;
	size_t path_length = socket_path_length(socket);

	event->action = socket->action;
	event->result = socket->result;
	FILL_IDENTITY(event, &socket->identity);
	event->family = socket->family;
	event->type = socket->type;
	event->protocol = socket->protocol;
	event->local_port = socket->local.port;
	event->remote_port = socket->remote.port;
	osq_port_copy(event->local_address, socket->local.address, sizeof(event->local_address));
	osq_port_copy(event->remote_address, socket->remote.address, sizeof(event->remote_address));
	event->scope = socket->scope;
	event->path_length = (uint32_t)path_length;
	if (path_length) {
		osq_port_copy(event->path, socket->path.bytes, path_length - 1);
		osq_port_zero(event->path + path_length - 1,
		              round_up_to_8(path_length) - path_length + 1);
	}
}

size_t osq_test_size(int32_t event)
{
	switch (event) {
	case OSQ_EVENT_TEST_0:
		return sizeof(struct osq_test_event_0);
	case OSQ_EVENT_TEST_1:
		return sizeof(struct osq_test_event_1);
	default:
		return 0;
	}
}

/* `size` is more than eight. Doubles what is there, so that a long text costs a few copies. */
static void fill_test_text(char *text, uint32_t size, uint32_t number)
{
	uint32_t done;

	for (done = 0; done < 8; done++)
		text[done] = osq_test_byte(number, done);
	for (; done < size; done += (uint32_t)at_most(done, size - done))
		osq_port_copy(text + done, text, at_most(done, size - done));
	text[size - 1] = '\0';
}

void osq_test_fill(void *record, int32_t event, uint32_t number)
{
	if (event == OSQ_EVENT_TEST_0) {
		struct osq_test_event_0 *test = record;

		test->number = number;
		fill_test_text(test->text, sizeof(test->text), number);
	} else if (event == OSQ_EVENT_TEST_1) {
		struct osq_test_event_1 *test = record;

		test->number = number;
		fill_test_text(test->text, sizeof(test->text), number);
		osq_port_zero(test->padding, sizeof(test->padding));
	}
}

bool osq_path_is_under(const char *path, size_t path_length, const char *prefix,
                       size_t prefix_length)
{
	size_t i;

	while (prefix_length && prefix[prefix_length - 1] == '/')
		prefix_length--;
	if (path_length < prefix_length)
		return false;
	for (i = 0; i < prefix_length; i++)
		if (path[i] != prefix[i])
			return false;
	return path_length == prefix_length || path[prefix_length] == '/';
}
