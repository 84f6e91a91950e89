/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "osq_json.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "osq_reader.h"
#include "osq_utf8.h"

static void write_ascii(FILE *out, unsigned char byte)
{
	static const char letters[] = "btn\0fr";

	if (byte == '"' || byte == '\\')
		fprintf(out, "\\%c", byte);
	else if (byte >= '\b' && byte <= '\r' && letters[byte - '\b'])
		fprintf(out, "\\%c", letters[byte - '\b']);
	else if (byte < 0x20 || byte == 0x7F)
		fprintf(out, "\\u%04x", byte);
	else
		fputc(byte, out);
}

bool osq_json_string(FILE *out, const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	bool exact = true;
	size_t size;

	fputc('"', out);
	for (size_t i = 0; i < length; i += size) {
		size = osq_utf8_length(bytes + i, length - i);
		if (size == 1) {
			write_ascii(out, bytes[i]);
		} else if (size == 2 && bytes[i] == 0xC2 && bytes[i + 1] < 0xA0) {
			/* A control of ISO 6429: some terminals obey it in this form, too. */
			fprintf(out, "\\u%04x", bytes[i + 1]);
		} else if (size) {
			fwrite(bytes + i, 1, size, out);
		} else {
			exact = false;
			size = 1;
			fputs("\\ufffd", out);
		}
	}
	fputc('"', out);
	return exact;
}

static void write_hex(FILE *out, const char *bytes, size_t length)
{
	fputc('"', out);
	for (size_t i = 0; i < length; i++)
		fprintf(out, "%02x", (unsigned char)bytes[i]);
	fputc('"', out);
}

static void write_text(FILE *out, const char *name, const char *bytes, size_t length)
{
	fprintf(out, ",\"%s\":", name);
	if (osq_json_string(out, bytes, length))
		return;
	fprintf(out, ",\"%s_hex\":", name);
	write_hex(out, bytes, length);
}

/* `bytes` hold `count` strings, each ended by a NUL: osq_record_process has seen to it. */
static void write_strings(FILE *out, const char *name, const char *bytes, int32_t count)
{
	const char *string = bytes;
	bool exact = true;

	fprintf(out, ",\"%s\":[", name);
	for (int32_t i = 0; i < count; i++, string += strlen(string) + 1) {
		if (i)
			fputc(',', out);
		exact &= osq_json_string(out, string, strlen(string));
	}
	fputc(']', out);
	if (exact)
		return;
	string = bytes;
	fprintf(out, ",\"%s_hex\":[", name);
	for (int32_t i = 0; i < count; i++, string += strlen(string) + 1) {
		if (i)
			fputc(',', out);
		write_hex(out, string, strlen(string));
	}
	fputc(']', out);
}

static void write_number(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, ",\"%s\":%" PRIu64, name, value);
}

static void write_integer(FILE *out, const char *name, int32_t value)
{
	fprintf(out, ",\"%s\":%" PRId32, name, value);
}

#define WRITE_IDENTITY(out, event)                                                                 \
	do {                                                                                       \
		write_number(out, "pid", (event)->pid);                                            \
		write_number(out, "ppid", (event)->ppid);                                          \
		write_number(out, "uid", (event)->uid);                                            \
		write_number(out, "euid", (event)->euid);                                          \
		write_number(out, "gid", (event)->gid);                                            \
		write_number(out, "egid", (event)->egid);                                          \
	} while (0)

#define WRITE_ATTRIBUTES(out, event)                                                               \
	do {                                                                                       \
		write_text(out, "path", (event)->path, strlen((event)->path));                     \
		write_integer(out, "mode", (event)->mode);                                         \
		write_number(out, "owner_uid", (event)->owner_uid);                                \
		write_number(out, "owner_gid", (event)->owner_gid);                                \
		write_number(out, "create_time", (event)->create_time);                            \
		write_number(out, "access_time", (event)->access_time);                            \
		write_number(out, "modify_time", (event)->modify_time);                            \
		write_number(out, "change_time", (event)->change_time);                            \
	} while (0)

static void write_process(FILE *out, const struct osq_process_event *event)
{
	WRITE_IDENTITY(out, event);
	WRITE_ATTRIBUTES(out, event);
	write_integer(out, "argc", event->actual_argc);
	write_strings(out, "argv", event->strings + event->argv_offset, event->argc);
	write_integer(out, "envc", event->actual_envc);
	write_strings(out, "envv", event->strings + event->envv_offset, event->envc);
}

static void write_name(FILE *out, const char *name, const char *const *names, int32_t count,
                       int32_t value)
{
	if (value >= 0 && value < count && names[value])
		fprintf(out, ",\"%s\":\"%s\"", name, names[value]);
	else
		write_integer(out, name, value);
}

static void write_file(FILE *out, const struct osq_file_event *event)
{
	static const char *const actions[] = {[OSQ_FILE_OPEN] = "open",
	                                      [OSQ_FILE_CLOSE] = "close",
	                                      [OSQ_FILE_CLOSE_MODIFIED] = "close_modified"};

	write_name(out, "action", actions, sizeof(actions) / sizeof(*actions), event->action);
	WRITE_IDENTITY(out, event);
	WRITE_ATTRIBUTES(out, event);
}

static void write_endpoint(FILE *out, const char *which, int32_t family, const uint8_t *address,
                           uint16_t port)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(family == 4 ? AF_INET : AF_INET6, address, text, sizeof(text));
	fprintf(out, ",\"%s_address\":\"%s\",\"%s_port\":%u", which, text, which, port);
}

static void write_socket(FILE *out, const struct osq_socket_event *event)
{
	static const char *const actions[] = {[OSQ_SOCKET_CONNECT] = "connect",
	                                      [OSQ_SOCKET_ACCEPT] = "accept",
	                                      [OSQ_SOCKET_BIND] = "bind"};

	write_name(out, "action", actions, sizeof(actions) / sizeof(*actions), event->action);
	write_integer(out, "result", event->result);
	WRITE_IDENTITY(out, event);
	write_integer(out, "family", event->family);
	write_integer(out, "type", event->type);
	write_integer(out, "protocol", event->protocol);
	write_endpoint(out, "local", event->family, event->local_address, event->local_port);
	write_endpoint(out, "remote", event->family, event->remote_address, event->remote_port);
	write_number(out, "scope", event->scope);
	if (event->path_length)
		write_text(out, "path", event->path, event->path_length - 1);
}

void osq_json_record(FILE *out, const struct osq_record_header *record)
{
	static const char *const names[OSQ_EVENT_COUNT] = {
	    [OSQ_EVENT_PROCESS] = "process", [OSQ_EVENT_FILE] = "file",
	    [OSQ_EVENT_TEST_0] = "test_0",   [OSQ_EVENT_TEST_1] = "test_1",
	    [OSQ_EVENT_SOCKET] = "socket",
	};
	const struct osq_process_event *process = osq_record_process(record);
	const struct osq_file_event *file = osq_record_file(record);
	const struct osq_socket_event *socket = osq_record_socket(record);
	uint32_t number;

	fprintf(out, "{\"time\":%" PRIu32 ",\"uptime\":%" PRIu32, record->time, record->uptime);
	write_name(out, "event", names, OSQ_EVENT_COUNT, record->event);
	if (process)
		write_process(out, process);
	else if (file)
		write_file(out, file);
	else if (socket)
		write_socket(out, socket);
	else if (osq_record_test(record, &number))
		write_number(out, "number", number);
	else
		fprintf(out, ",\"error\":\"unknown or damaged record of %" PRIu64 " bytes\"",
		        record->size);
	fputs("}\n", out);
}
