/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Inputs to records; each record is checked through the reader library as well. */
#include "event.h"
#include "harness.h"
#include "osq_reader.h"

#include <stdlib.h>
#include <string.h>

static const struct osq_identity identity = {101, 102, 103, 104, 105, 106};
static const struct osq_attributes attributes = {201, 202, 203, 204, 205, 206, 0100755};

/* A record of exactly `size` bytes of data, full of what may have lain there before. */
static struct osq_record_header *record_of(int32_t event, size_t size)
{
	struct osq_record_header *record = harness_buffer(sizeof(*record) + size);

	memset(record, 0xEE, sizeof(*record) + size);
	record->event = event;
	record->finished = 1;
	record->size = size;
	EXPECT_EQUAL(size % OSQ_RECORD_ALIGN, 0);
	return record;
}

static bool is_zero(const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((const char *)bytes)[i])
			return false;
	return true;
}

/* Two of the system's own requests, as any program would spell them. */
static void test_request_numbers(void)
{
#ifdef __linux__
	EXPECT_EQUAL(OSQ_IOCTL_SUBSCRIPTION, 0x4008FA01);
	EXPECT_EQUAL(OSQ_IOCTL_SYNC, 0xC020FA02);
	EXPECT_EQUAL(OSQ_IOCTL_ALLOCATE, 0xC018FA03);
	EXPECT_EQUAL(OSQ_IOCTL_TEST, 0x4004FA04);
	EXPECT_EQUAL(OSQ_IOCTL_PREFIX, 0x4404FA05);
#else
	EXPECT_EQUAL(OSQ_IOCTL_SUBSCRIPTION, 0x8008FA01);
	EXPECT_EQUAL(OSQ_IOCTL_SYNC, 0xC020FA02);
	EXPECT_EQUAL(OSQ_IOCTL_ALLOCATE, 0xC018FA03);
	EXPECT_EQUAL(OSQ_IOCTL_TEST, 0x8004FA04);
	EXPECT_EQUAL(OSQ_IOCTL_PREFIX, 0x8404FA05);
#endif
}

static void check_identity(const struct osq_process_event *event)
{
	EXPECT_EQUAL(event->pid, 101);
	EXPECT_EQUAL(event->ppid, 102);
	EXPECT_EQUAL(event->uid, 103);
	EXPECT_EQUAL(event->euid, 104);
	EXPECT_EQUAL(event->gid, 105);
	EXPECT_EQUAL(event->egid, 106);
	EXPECT_EQUAL(event->owner_uid, 201);
	EXPECT_EQUAL(event->owner_gid, 202);
	EXPECT_EQUAL(event->create_time, 203);
	EXPECT_EQUAL(event->access_time, 204);
	EXPECT_EQUAL(event->modify_time, 205);
	EXPECT_EQUAL(event->change_time, 206);
	EXPECT_EQUAL(event->mode, 0100755);
}

static void test_process(void)
{
	static const char argv[] = "ls\0-l\0", envv[] = "A=1\0B=\0";
	struct osq_process process = {.identity = identity,
	                              .file = attributes,
	                              .path = {"/bin/ls", 7},
	                              .argv = {argv, 6, 2},
	                              .envv = {envv, 7, 2}};
	struct osq_record_header *record = record_of(OSQ_EVENT_PROCESS, osq_process_size(&process));
	struct osq_process_event *event = (void *)(record + 1);

	osq_process_fill(event, &process);
	EXPECT_EQUAL(record->size % 8, 0);
	EXPECT(osq_record_process(record) == event);
	check_identity(event);
	EXPECT(!strcmp(event->path, "/bin/ls"));
	EXPECT(is_zero(event->path + 7, sizeof(event->path) - 7));
	EXPECT_EQUAL(event->padding, 0);
	EXPECT_EQUAL(event->argc, 2);
	EXPECT_EQUAL(event->actual_argc, 2);
	EXPECT_EQUAL(event->arg_length, 6);
	EXPECT_EQUAL(event->argv_offset, 0);
	EXPECT(!memcmp(event->strings + event->argv_offset, argv, 6));
	EXPECT_EQUAL(event->envc, 2);
	EXPECT_EQUAL(event->actual_envc, 2);
	EXPECT_EQUAL(event->env_length, 7);
	EXPECT_EQUAL(event->envv_offset, 6);
	EXPECT(!memcmp(event->strings + event->envv_offset, envv, 7));
	EXPECT(is_zero(event->strings + 13, record->size - sizeof(*event) - 13));
	free(record);
}

static void test_process_without_strings(void)
{
	struct osq_process process = {.path = {NULL, 0}};
	struct osq_record_header *record = record_of(OSQ_EVENT_PROCESS, osq_process_size(&process));
	struct osq_process_event *event = (void *)(record + 1);

	osq_process_fill(event, &process);
	EXPECT(osq_record_process(record) == event);
	EXPECT_EQUAL(record->size, sizeof(*event));
	EXPECT(is_zero(event, sizeof(*event)));
	free(record);
}

/* Blocks of 1000-byte strings, cut at every place around the limit. */
static void test_long_strings_are_cut(void)
{
	static const size_t lengths[] = {4094, 4095, 4096, 4097, 4098, 6006, SIZE_MAX};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		size_t kept = lengths[i] < OSQ_VECTOR_MAX ? lengths[i] : OSQ_VECTOR_MAX;
		char *block = harness_buffer(kept); /* no byte beyond the limit may be read */
		struct osq_process process = {.path = {"/x", 2},
		                              .argv = {block, lengths[i], 6},
		                              .envv = {block, lengths[i], 6}};
		struct osq_record_header *record =
		    record_of(OSQ_EVENT_PROCESS, osq_process_size(&process));
		struct osq_process_event *event = (void *)(record + 1);

		for (size_t j = 0; j < kept; j++)
			block[j] = j % 1001 == 1000 ? '\0' : 'a';
		osq_process_fill(event, &process);
		EXPECT(osq_record_process(record) == event);
		EXPECT_EQUAL(event->arg_length, kept);
		EXPECT_EQUAL(event->argc, 5); /* four whole ones and what was left of the fifth */
		EXPECT_EQUAL(event->actual_argc, 6);
		EXPECT_EQUAL(event->strings[kept - 1], 0);
		EXPECT_EQUAL(event->strings[kept - 2], 'a');
		EXPECT_EQUAL(event->env_length, kept);
		EXPECT_EQUAL(event->envc, 5);
		free(record);
		free(block);
	}
}

/* More NULs than strings: what follows the last string is not counted. */
static void test_counts_at_most_what_there_is(void)
{
	struct osq_process process = {.path = {"/x", 2}, .argv = {"a\0\0\0\0\0", 6, 2}};
	struct osq_record_header *record = record_of(OSQ_EVENT_PROCESS, osq_process_size(&process));
	struct osq_process_event *event = (void *)(record + 1);

	osq_process_fill(event, &process);
	EXPECT_EQUAL(event->argc, 2);
	free(record);
}

static void test_file(void)
{
	char *long_path = harness_buffer(OSQ_PATH_MAX + 100);
	struct osq_file file = {
	    .action = OSQ_FILE_CLOSE_MODIFIED, .identity = identity, .file = attributes};
	struct osq_record_header *record = record_of(OSQ_EVENT_FILE, osq_file_size());
	struct osq_file_event *event = (void *)(record + 1);

	memset(long_path, 'p', OSQ_PATH_MAX + 100);
	file.path = (struct osq_text){long_path, OSQ_PATH_MAX + 100};
	osq_file_fill(event, &file);
	EXPECT(osq_record_file(record) == event);
	EXPECT_EQUAL(event->action, 4);
	EXPECT_EQUAL(event->padding, 0);
	EXPECT_EQUAL(event->padding_end, 0);
	EXPECT_EQUAL(event->pid, 101);
	EXPECT_EQUAL(event->egid, 106);
	EXPECT_EQUAL(event->owner_uid, 201);
	EXPECT_EQUAL(event->change_time, 206);
	EXPECT_EQUAL(event->mode, 0100755);
	EXPECT_EQUAL(strlen(event->path), OSQ_PATH_MAX - 1);
	free(record);
	free(long_path);
}

static void test_socket(void)
{
	for (size_t length = 0; length < 20; length++) {
		struct osq_socket socket = {.action = OSQ_SOCKET_ACCEPT,
		                            .result = 111,
		                            .identity = identity,
		                            .family = 4,
		                            .type = 1,
		                            .protocol = 6,
		                            .scope = 3,
		                            .local = {{127, 0, 0, 1}, 8080},
		                            .remote = {{10, 0, 0, 2}, 40000},
		                            .path = {"/usr/bin/a-server-of-sorts", length}};
		struct osq_record_header *record =
		    record_of(OSQ_EVENT_SOCKET, osq_socket_size(&socket));
		struct osq_socket_event *event = (void *)(record + 1);

		osq_socket_fill(event, &socket);
		EXPECT(osq_record_socket(record) == event);
		EXPECT_EQUAL(event->action, 2);
		EXPECT_EQUAL(event->result, 111);
		EXPECT_EQUAL(event->pid, 101);
		EXPECT_EQUAL(event->egid, 106);
		EXPECT_EQUAL(event->family, 4);
		EXPECT_EQUAL(event->type, 1);
		EXPECT_EQUAL(event->protocol, 6);
		EXPECT_EQUAL(event->scope, 3);
		EXPECT_EQUAL(event->local_port, 8080);
		EXPECT_EQUAL(event->remote_port, 40000);
		EXPECT_EQUAL(event->local_address[0], 127);
		EXPECT_EQUAL(event->remote_address[3], 2);
		EXPECT(is_zero(event->remote_address + 4, 12));
		EXPECT_EQUAL(event->path_length, length ? length + 1 : 0);
		EXPECT(!strncmp(event->path, socket.path.bytes, length));
		EXPECT(is_zero(event->path + length, record->size - sizeof(*event) - length));
		free(record);
	}
}

static void test_test_events(void)
{
	for (int32_t kind = OSQ_EVENT_TEST_0; kind <= OSQ_EVENT_TEST_1; kind++) {
		struct osq_record_header *record = record_of(kind, osq_test_size(kind));
		uint32_t number = OSQ_TEST_NUMBER(19, 99999), found = 0;
		char *bytes = (char *)(record + 1);

		osq_test_fill(record + 1, kind, number);
		EXPECT(osq_record_test(record, &found));
		EXPECT_EQUAL(found, number);
		EXPECT_EQUAL(OSQ_TEST_DESCRIPTOR(found), 19);
		EXPECT_EQUAL(OSQ_TEST_SEQUENCE(found), 99999);
		for (size_t i = 4; i < (kind == OSQ_EVENT_TEST_0 ? 4100 : 37); i++) {
			bytes[i] ^= 1; /* not a byte of it goes unnoticed */
			EXPECT(!osq_record_test(record, &found));
			bytes[i] ^= 1;
		}
		free(record);
	}
	EXPECT_EQUAL(osq_test_size(OSQ_EVENT_PROCESS), 0);
	EXPECT_EQUAL(osq_test_size(-1), 0);
}

static bool is_under(const char *path, const char *prefix)
{
	return osq_path_is_under(path, strlen(path), prefix, strlen(prefix));
}

static void test_prefixes(void)
{
	EXPECT(is_under("/etc", "/etc"));
	EXPECT(is_under("/etc/passwd", "/etc"));
	EXPECT(is_under("/etc/passwd", "/etc/"));
	EXPECT(is_under("/etc", "/etc/"));
	EXPECT(!is_under("/etcetera", "/etc"));
	EXPECT(!is_under("/et", "/etc"));
	EXPECT(!is_under("/usr/etc", "/etc"));
	EXPECT(is_under("/anything", "/"));
	EXPECT(is_under("/", "/"));
}

const struct test event_tests[] = {
    {"event: requests have the contract's numbers", test_request_numbers},
    {"event: a process, field by field", test_process},
    {"event: a process without strings", test_process_without_strings},
    {"event: long arguments are cut, ended and counted", test_long_strings_are_cut},
    {"event: no more strings are counted than there are", test_counts_at_most_what_there_is},
    {"event: a file, its path cut", test_file},
    {"event: a socket with paths of all lengths", test_socket},
    {"event: test events carry their number all over", test_test_events},
    {"event: prefixes match whole components", test_prefixes},
    {NULL, NULL},
};
